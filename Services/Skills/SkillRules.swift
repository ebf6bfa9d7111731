import Models

/// What the domain asks of a skill. Pure functions.
enum SkillRules {
    static let testsMax = 100
    static let changelogBytesMax = 64 * 1024
    /// The version that a skill without any may be published as straight away.
    static let firstVersion = "1.0.0"

    /// `POST /skills-api/import`.
    private static let reservedSlug = "import"

    /// A new skill.
    /// - Throws: 400 naming the field.
    static func make(from input: CreateSkill, workspace: String, by actor: Actor, at time: Timestamp) throws -> Skill {
        try Check.name(input.name)
        let skill = Skill(
            id: Identifier.make("skill", at: time), workspaceID: workspace, name: input.name,
            slug: try Check.slug(input.slug, from: input.name), description: input.description ?? "",
            content: input.content ?? "",
            tags: input.tags ?? [], tests: input.tests ?? [], createdBy: actor, createdAt: time)
        try validate(skill)
        return skill
    }

    /// The skill with what a PATCH names replaced.
    static func update(_ skill: Skill, with change: UpdateSkill, at time: Timestamp) throws -> Skill {
        var skill = skill
        skill.name = try change.name.applied(to: skill.name, field: "name")
        skill.slug = try change.slug.applied(to: skill.slug, field: "slug")
        skill.description = change.description.applied(to: skill.description) ?? ""
        skill.content = change.content.applied(to: skill.content) ?? ""
        skill.tags = change.tags.applied(to: skill.tags) ?? []
        skill.tests = change.tests.applied(to: skill.tests) ?? []
        try validate(skill)
        skill.updatedAt = time
        return skill
    }

    /// A version of the content that is given, or of the skill's present content.
    static func version(of skill: Skill, from input: CreateSkillVersion, by actor: Actor, at time: Timestamp) throws
        -> SkillVersion
    {
        guard SemanticVersion(input.version) != nil else {
            throw ServiceError.invalid("version", "must be a semantic version such as 1.2.0")
        }
        let content = try Check.text(input.content ?? skill.content, "content")
        let changelog = try Check.text(input.changelog ?? "", "changelog", bytesMax: changelogBytesMax)
        return SkillVersion(of: skill, version: input.version, content: content, changelog: changelog, by: actor, at: time)
    }

    /// The skill once it has a further version: that one's content is what one works on from there.
    static func added(_ version: SkillVersion, to skill: Skill, at time: Timestamp) -> Skill {
        var skill = skill
        skill.content = version.content
        if let new = SemanticVersion(version.version), skill.latestVersion.flatMap(SemanticVersion.init).map({ $0 < new }) ?? true
        {
            skill.latestVersion = version.version
        }
        skill.updatedAt = time
        return skill
    }

    /// The skill whose runs are given `version`.
    static func published(_ version: String, of skill: Skill, at time: Timestamp) -> Skill {
        var skill = skill
        skill.publishedVersion = version
        skill.updatedAt = time
        return skill
    }

    private static func validate(_ skill: Skill) throws {
        try Check.name(skill.name)
        guard try Check.slug(skill.slug, from: skill.name) != reservedSlug else {
            throw ServiceError.invalid("slug", "\"\(reservedSlug)\" is taken by the path of that name")
        }
        try Check.text(skill.description, "description")
        try Check.text(skill.content, "content")
        try Check.tags(skill.tags)
        guard skill.tests.count <= testsMax else { throw ServiceError.invalid("tests", "must have at most \(testsMax) items") }
        for (index, test) in skill.tests.enumerated() { try validate(test, "tests[\(index)]") }
    }

    private static func validate(_ test: SkillTest, _ field: String) throws {
        try Check.name(test.name, "\(field).name")
        let texts = [("contains", test.contains), ("not_contains", test.notContains), ("heading", test.heading)]
        guard test.bytesMax != nil || texts.contains(where: { $0.1 != nil }) else {
            throw ServiceError.invalid(field, "must name what is expected: contains, not_contains, heading or bytes_max")
        }
        for (name, text) in texts {
            guard let text else { continue }
            try Check.text(text, "\(field).\(name)")
            guard !text.isEmpty else { throw ServiceError.invalid("\(field).\(name)", "must not be empty") }
        }
        if let bytes = test.bytesMax { try Check.range(bytes, "\(field).bytes_max", 0...Check.textBytesMax) }
    }
}
