import Models
import Service
import Storage

/// What becomes of the requests about a skill's versions.
struct VersionHandlers: Sendable {
    let store: SkillStore
    let visibility: SkillVisibility

    func list(_ call: Call) async throws -> Listing<SkillVersion> {
        let reach = try await visibility.reach(of: call)
        let page = try await call.read { reader in
            let skill = try store.get(call.parameter("id"), workspace: call.workspace, in: reader)
            try reach.check(try skill.model())
            let query = try call.page(filters: [.equals("skill_id", skill.id)], order: [.descending("created_at")])
            return try store.versions(query, workspace: call.workspace, in: reader)
        }
        return Listing(page, as: "versions")
    }

    func create(_ call: Call, body: CreateSkillVersion) async throws -> Created<SkillVersion> {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            let skill = try stored.model()
            let version = try SkillRules.version(of: skill, from: body, by: call.actor, at: call.now)
            let made = try store.insert(version, of: stored, at: call.now, in: transaction)
            let changed = SkillRules.added(version, to: skill, at: call.now)
            try call.emit(
                "skill.updated", try store.replace(stored, with: changed, at: call.now, in: transaction), in: transaction)
            return Created(made, at: "/skills-api/\(stored.id)/versions/\(version.version)")
        }
    }

    func show(_ call: Call) async throws -> Found<SkillVersion> {
        let reach = try await visibility.reach(of: call)
        let found = try await call.read { reader in
            let skill = try store.get(call.parameter("id"), workspace: call.workspace, in: reader)
            try reach.check(try skill.model())
            return try store.version(call.parameter("v"), of: skill, in: reader)
        }
        guard let found else { throw ServiceError.notFound(SkillVersion.noun) }
        return Found(found)
    }

    /// Makes a version the one that runs are given. A skill that has no version yet may be published as `1.0.0` straight away.
    func publish(_ call: Call, body: PublishSkill) async throws -> Found<Skill> {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var skill = try stored.model()
            if skill.latestVersion == nil, body.version == SkillRules.firstVersion {
                let first = try SkillRules.version(
                    of: skill, from: CreateSkillVersion(version: body.version), by: call.actor, at: call.now)
                _ = try store.insert(first, of: stored, at: call.now, in: transaction)
                skill = SkillRules.added(first, to: skill, at: call.now)
            } else if try store.version(body.version, of: stored, in: transaction) == nil {
                throw ServiceError.notFound(SkillVersion.noun)
            }
            let changed = SkillRules.published(body.version, of: skill, at: call.now)
            let replaced = try store.replace(stored, with: changed, at: call.now, in: transaction)
            try call.emit("skill.published", replaced, in: transaction)
            return Found(replaced)
        }
    }
}
