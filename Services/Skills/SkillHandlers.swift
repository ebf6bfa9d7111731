import Models
import Service
import Storage

/// What becomes of the requests about skills.
struct SkillHandlers: Sendable {
    let store: SkillStore
    let visibility: SkillVisibility

    func list(_ call: Call) async throws -> Listing<Skill> {
        var filters = call.equals("slug")
        if let text = call.query["search"], !text.isEmpty { filters.append(.contains("name", text)) }
        for tag in try Check.tags(call.query.list("tags")) { filters.append(SkillStore.tagged(tag)) }
        if let isPublished = try call.query.bool("published") { filters.append(.equals("published", isPublished)) }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        return Listing(try await call.read { try store.page(query, workspace: call.workspace, in: $0) }, as: "skills")
    }

    func create(_ call: Call, body: CreateSkill) async throws -> Created<Skill> {
        let skill = try SkillRules.make(from: body, workspace: call.workspace, by: call.actor, at: call.now)
        return try await call.write { transaction in
            let stored = try store.insert(skill, at: call.now, in: transaction)
            try call.emit("skill.created", stored, in: transaction)
            return Created(stored, in: "/skills-api")
        }
    }

    func show(_ call: Call) async throws -> Found<Skill> {
        let reach = try await visibility.reach(of: call)
        let stored = try await call.read { try store.get(call.parameter("id"), workspace: call.workspace, in: $0) }
        try reach.check(try stored.model())
        return Found(stored)
    }

    func update(_ call: Call, body: UpdateSkill) async throws -> Found<Skill> {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let changed = try SkillRules.update(try stored.model(), with: body, at: call.now)
            let replaced = try store.replace(stored, with: changed, at: call.now, in: transaction)
            try call.emit("skill.updated", replaced, in: transaction)
            return Found(replaced)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try store.delete(stored, in: transaction)
            try call.emit("skill.deleted", stored, in: transaction)
            return NoContent()
        }
    }
}
