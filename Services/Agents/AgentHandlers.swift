import Models
import Service
import Storage

/// What becomes of the requests about agents.
struct AgentHandlers: Sendable {
    let store: AgentStore
    let usage: UsageStore

    func list(_ call: Call) async throws -> Listing<Agent> {
        var filters = call.equals("slug")
        if let enabled = try call.query.bool("enabled") { filters.append(.equals("enabled", enabled)) }
        if let text = call.query["search"], !text.isEmpty { filters.append(.contains("name", text)) }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        return Listing(try await call.read { try store.page(query, workspace: call.workspace, in: $0) }, as: "agents")
    }

    func create(_ call: Call, body: CreateAgent) async throws -> Created<Agent> {
        let agent = try AgentRules.make(from: body, workspace: call.workspace, by: call.actor, at: call.now)
        return try await call.write { transaction in
            let stored = try store.insert(agent, at: call.now, in: transaction)
            try call.emit("agent.created", stored, in: transaction)
            return Created(stored, in: "/agents-api")
        }
    }

    /// An agent's own token shows it itself; others are 404 to it.
    func show(_ call: Call) async throws -> Found<Agent> {
        let stored = try await call.read { try store.get(call.parameter("id"), workspace: call.workspace, in: $0) }
        if let run = call.principal.run, run.agentID != stored.id { throw ServiceError.notFound(Agent.noun) }
        return Found(stored)
    }

    func replace(_ call: Call, body: CreateAgent) async throws -> Found<Agent> {
        try await change(call) { try AgentRules.replace($0, with: body, at: call.now) }
    }

    func update(_ call: Call, body: UpdateAgent) async throws -> Found<Agent> {
        try await change(call) { try AgentRules.update($0, with: body, at: call.now) }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try store.delete(stored, in: transaction)
            try call.emit("agent.deleted", stored, in: transaction)
            return NoContent()
        }
    }

    /// Copies an agent under a new name. 404 when there is no such agent, 409 when the slug is taken.
    func clone(_ call: Call, body: CloneAgent) async throws -> Created<Agent> {
        try await call.write { transaction in
            let original = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction).model()
            let copy = try AgentRules.clone(original, as: body, by: call.actor, at: call.now)
            let stored = try store.insert(copy, at: call.now, in: transaction)
            try call.emit("agent.created", stored, in: transaction)
            return Created(stored, in: "/agents-api")
        }
    }

    func enable(_ call: Call) async throws -> Found<Agent> {
        try await change(call) { try AgentRules.enable($0, true, at: call.now) }
    }

    func disable(_ call: Call) async throws -> Found<Agent> {
        try await change(call) { try AgentRules.enable($0, false, at: call.now) }
    }

    func versions(_ call: Call) async throws -> Content<JSONMedia> {
        let limit = try call.query.integer("limit", in: 1...200) ?? 50
        let bytes = try await call.read { reader in
            let agent = try store.get(call.parameter("id"), workspace: call.workspace, in: reader)
            return try store.versions(of: agent.id, workspace: call.workspace, limit: limit, in: reader)
        }
        return Content(.json(bytes))
    }

    func usage(_ call: Call) async throws -> Reply<AgentUsage> {
        try await call.read { reader in
            let agent = try store.get(call.parameter("id"), workspace: call.workspace, in: reader).model()
            return Reply(try usage.usage(of: agent, now: call.now, in: reader))
        }
    }

    private func change(_ call: Call, _ rule: @escaping @Sendable (Agent) throws -> Agent) async throws -> Found<Agent> {
        try await AgentChange.apply(call, store, rule)
    }
}

/// Reads an agent, applies a rule, and stores the outcome, in one transaction.
enum AgentChange {
    static func apply(
        _ call: Call, _ store: AgentStore, _ rule: @escaping @Sendable (Agent) throws -> Agent
    ) async throws -> Found<Agent> {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let changed = try store.replace(stored, with: try rule(try stored.model()), at: call.now, in: transaction)
            try call.emit("agent.updated", changed, in: transaction)
            return Found(changed)
        }
    }
}
