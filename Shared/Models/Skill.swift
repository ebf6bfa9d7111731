/// A skill: Markdown that an agent is given, in versions of which one is published.
public struct Skill: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var name: String
    public var slug: String
    public var description: String
    /// The working text, in Markdown: what was last written, imported or made a version of. A run gets the published version
    /// instead.
    public var content: String
    public var tags: [String]
    public var tests: [SkillTest]
    /// The highest version that was made of the content.
    public var latestVersion: String?
    /// The version that runs are given; nil while none is published.
    public var publishedVersion: String?
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, name: String, slug: String, description: String = "", content: String = "",
        tags: [String] = [], tests: [SkillTest] = [], createdBy: Actor? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.name = name
        self.slug = slug
        self.description = description
        self.content = content
        self.tags = tags
        self.tests = tests
        self.createdBy = createdBy
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", name, slug, description, content, tags, tests, latestVersion = "latest_version"
        case publishedVersion = "published_version", createdBy = "created_by", createdAt = "created_at", updatedAt = "updated_at"
    }
}

/// Something that a skill's content is expected to be; all the expectations that are named must hold.
public struct SkillTest: Codable, Sendable, Hashable {
    public var name: String
    /// The content has this text in it.
    public var contains: String?
    /// The content does not have this text in it.
    public var notContains: String?
    /// The content has a heading of this text, whatever its level and case.
    public var heading: String?
    /// The content has at most this many bytes.
    public var bytesMax: Int?

    public init(
        name: String, contains: String? = nil, notContains: String? = nil, heading: String? = nil, bytesMax: Int? = nil
    ) {
        self.name = name
        self.contains = contains
        self.notContains = notContains
        self.heading = heading
        self.bytesMax = bytesMax
    }

    enum CodingKeys: String, CodingKey {
        case name, contains, notContains = "not_contains", heading, bytesMax = "bytes_max"
    }
}

/// One version of a skill; it never changes.
public struct SkillVersion: Codable, Sendable, Hashable {
    /// The skill's id and the version: `skill_…@1.2.0`.
    public var id: String
    public var skillID: String
    public var version: String
    public var content: String
    public var changelog: String
    public var createdBy: Actor?
    public var createdAt: Timestamp

    public init(of skill: Skill, version: String, content: String, changelog: String, by actor: Actor, at time: Timestamp) {
        id = "\(skill.id)@\(version)"
        skillID = skill.id
        self.version = version
        self.content = content
        self.changelog = changelog
        createdBy = actor
        createdAt = time
    }

    enum CodingKeys: String, CodingKey {
        case id, skillID = "skill_id", version, content, changelog, createdBy = "created_by", createdAt = "created_at"
    }
}
