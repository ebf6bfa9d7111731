/// `POST /skills-api`.
public struct CreateSkill: Codable, Sendable {
    public var name: String
    /// Made from the name when left out.
    public var slug: String?
    public var description: String?
    public var content: String?
    public var tags: [String]?
    public var tests: [SkillTest]?

    public init(
        name: String, slug: String? = nil, description: String? = nil, content: String? = nil, tags: [String]? = nil,
        tests: [SkillTest]? = nil
    ) {
        self.name = name
        self.slug = slug
        self.description = description
        self.content = content
        self.tags = tags
        self.tests = tests
    }
}

/// `PATCH /skills-api/{id}`: what is named is replaced; `null` empties.
public struct UpdateSkill: Codable, Sendable {
    public var name: Field<String>
    public var slug: Field<String>
    public var description: Field<String>
    public var content: Field<String>
    public var tags: Field<[String]>
    public var tests: Field<[SkillTest]>
}

/// `POST /skills-api/{id}/versions`.
public struct CreateSkillVersion: Codable, Sendable {
    /// `1.2.0` (Semantic Versioning 2.0).
    public var version: String
    /// The skill's content when left out.
    public var content: String?
    public var changelog: String?

    public init(version: String, content: String? = nil, changelog: String? = nil) {
        self.version = version
        self.content = content
        self.changelog = changelog
    }
}

/// `POST /skills-api/{id}/publish`.
public struct PublishSkill: Codable, Sendable {
    public var version: String
}

/// `POST /skills-api/{id}/test`.
public struct TestSkill: Codable, Sendable {
    /// The version to test; the skill's present content when left out.
    public var version: String?
}

/// What became of a skill's tests.
public struct SkillTestReport: Codable, Sendable {
    /// What became of one of them.
    public struct Result: Codable, Sendable {
        public var name: String
        public var passed: Bool
        /// What was not as expected.
        public var message: String?

        public init(name: String, message: String?) {
            self.name = name
            passed = message == nil
            self.message = message
        }
    }

    /// The version that was tested; absent for the present content.
    public var version: String?
    public var passed: Int
    public var failed: Int
    public var results: [Result]

    public init(version: String?, results: [Result]) {
        self.version = version
        self.results = results
        passed = results.filter(\.passed).count
        failed = results.count - passed
    }
}
