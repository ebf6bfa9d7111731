import Identity
import Models
import Service
import Storage

/// What becomes of the requests about memories.
struct MemoryHandlers: Sendable {
    let store: MemoryStore
    let ledger: MemoryLedger
    let references: MemoryReferences
    let policy: AgentPolicy

    func list(_ call: Call) async throws -> Listing<Models.Memory> {
        let tags = try Check.tags(call.query.list("tags") + call.query.list("tag"))
        var filters = try await references.filters(
            call, scope: try call.query.word("scope", as: MemoryScope.self), project: call.query["project_id"],
            agent: call.query["agent_id"], tags: tags)
        filters += call.equals("kind")
        let sort = try call.query.word("sort", as: MemorySort.self) ?? .createdAt
        let query = try call.page(filters: filters, order: [.descending(sort.rawValue)])
        return Listing(try await call.read { try store.page(query, workspace: call.workspace, in: $0) }, as: "memories")
    }

    /// What an agent may not save by itself becomes a question to a human.
    func create(_ call: Call, body: CreateMemory) async throws -> Remembered {
        var input = try await references.resolve(body, workspace: call.workspace)
        var isSaved = true
        if let run = call.principal.run {
            input = try AgentPolicy.confined(input, to: run)
            isSaved = try await policy.savesByItself(run)
        }
        let memory = try MemoryRules.make(
            from: input, workspace: call.workspace, run: call.principal.run?.runID, by: call.actor, at: call.now)
        let isDirect = isSaved
        return try await call.write { transaction in
            guard isDirect else { return .proposed(try ledger.propose(memory, by: call.actor, in: transaction)) }
            return .saved(try ledger.add(memory, by: call.actor, in: transaction))
        }
    }

    func show(_ call: Call) async throws -> Found<Models.Memory> {
        Found(try await call.read { try visible(call, in: $0) })
    }

    /// An agent changes what it may write, and only when its memories are saved without a human.
    func update(_ call: Call, body: UpdateMemory) async throws -> Found<Models.Memory> {
        let change = try await references.resolve(body, workspace: call.workspace)
        if let run = call.principal.run, try await !policy.savesByItself(run) {
            _ = try await call.read { try visible(call, in: $0) }
            throw ServiceError.forbidden("an agent without auto_save changes no memory; it may propose a new one")
        }
        return try await call.write { transaction in
            let stored = try visible(call, in: transaction)
            try call.checkMatch(stored)
            let memory = try stored.model()
            let changed = try MemoryRules.update(memory, with: change, at: call.now)
            if let run = call.principal.run {
                try AgentPolicy.check(memory, run)
                try AgentPolicy.check(changed, run)
            }
            return Found(try ledger.replace(stored, with: changed, by: call.actor, in: transaction))
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try visible(call, in: transaction)
            try call.checkMatch(stored)
            try ledger.remove(stored, by: call.actor, in: transaction)
            return NoContent()
        }
    }

    private func visible(_ call: Call, in reader: any SQLReader) throws -> Stored<Models.Memory> {
        let filters = MemoryVisibility.filters(call.principal, at: call.now)
        return try store.get(call.parameter("id"), where: filters, workspace: call.workspace, in: reader)
    }
}

/// What a list of memories is ordered by, the greatest first.
enum MemorySort: String, CaseIterable {
    case createdAt = "created_at"
    case importance
}
