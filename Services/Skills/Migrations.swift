import Storage

/// The schema's steps; append-only.
enum SkillMigrations {
    static let all = [Migration("skills", SkillStore.skills.schema + "\n" + SkillStore.versions.schema)]
}
