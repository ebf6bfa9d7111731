import Models
import Storage

extension Skill: StoredModel {
    public static var noun: String { "skill" }
}

extension SkillVersion: StoredModel {
    public static var noun: String { "version of this skill" }
}

/// All the SQL of skills and their versions.
struct SkillStore: Sendable {
    static let skills = DocumentTable<Skill>(
        "skills",
        columns: [
            .slug(\.slug),
            Column("name", .text) { $0.name },
            Column("published", .integer) { $0.publishedVersion != nil },
        ])
    static let versions = DocumentTable<SkillVersion>(
        "skill_versions", columns: [Column("skill_id", .text, index: .filtered) { $0.skillID }])

    /// Skills that have a tag.
    static func tagged(_ tag: String) -> Filter {
        .sql("EXISTS (SELECT 1 FROM json_each(d.document, '$.tags') WHERE value = ?)", [tag])
    }

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<Skill> {
        try Self.skills.list(query, workspace: workspace, in: reader)
    }

    func get(_ reference: String, workspace: String, in reader: any SQLReader) throws -> Stored<Skill> {
        try Self.skills.get(reference, workspace: workspace, in: reader)
    }

    func insert(_ skill: Skill, at time: Timestamp, in transaction: Transaction) throws -> Stored<Skill> {
        try Self.skills.insert(skill, workspace: skill.workspaceID, at: time, in: transaction)
    }

    func replace(_ old: Stored<Skill>, with skill: Skill, at time: Timestamp, in transaction: Transaction) throws -> Stored<Skill>
    {
        try Self.skills.replace(old, with: skill, at: time, in: transaction)
    }

    func delete(_ skill: Stored<Skill>, in transaction: Transaction) throws {
        try Self.skills.delete(skill.id, workspace: skill.workspace, in: transaction)
        _ = try transaction.run("DELETE FROM skill_versions WHERE workspace_id = ? AND skill_id = ?", skill.workspace, skill.id)
    }

    func versions(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<SkillVersion> {
        try Self.versions.list(query, workspace: workspace, in: reader)
    }

    func version(_ version: String, of skill: Stored<Skill>, in reader: any SQLReader) throws -> Stored<SkillVersion>? {
        try Self.versions.find("\(skill.id)@\(version)", workspace: skill.workspace, in: reader)
    }

    /// - Throws: 409 when the skill has this version already.
    func insert(_ version: SkillVersion, of skill: Stored<Skill>, at time: Timestamp, in transaction: Transaction) throws
        -> Stored<SkillVersion>
    {
        guard try self.version(version.version, of: skill, in: transaction) == nil else {
            throw ServiceError.conflict("version \(version.version) of this skill exists already", code: "version_taken")
        }
        return try Self.versions.insert(version, workspace: skill.workspace, at: time, in: transaction)
    }
}
