import Models
import Service
import Storage

/// Changes of memories, each with its event, in one transaction.
struct MemoryLedger: Sendable {
    let store: MemoryStore
    let environment: ServiceEnvironment

    func add(_ memory: Models.Memory, by actor: Actor, in transaction: Transaction) throws -> Stored<Models.Memory> {
        let stored = try store.insert(memory, at: environment.clock.now(), in: transaction)
        try emit("memory.created", stored, project: memory.projectID, by: actor, in: transaction)
        return stored
    }

    func replace(
        _ old: Stored<Models.Memory>, with memory: Models.Memory, by actor: Actor, in transaction: Transaction
    ) throws -> Stored<Models.Memory> {
        let stored = try store.replace(old, with: memory, at: environment.clock.now(), in: transaction)
        try emit("memory.updated", stored, project: memory.projectID, by: actor, in: transaction)
        return stored
    }

    func remove(_ memory: Stored<Models.Memory>, by actor: Actor, in transaction: Transaction) throws {
        try store.delete(memory, in: transaction)
        try emit("memory.deleted", memory, project: try memory.model().projectID, by: actor, in: transaction)
    }

    func propose(_ memory: Models.Memory, by actor: Actor, in transaction: Transaction) throws -> Stored<MemoryApproval> {
        let time = environment.clock.now()
        let approval = MemoryApproval(
            id: Identifier.make("mappr", at: time), memory: memory, requestedBy: actor, at: time)
        let stored = try MemoryStore.approvals.insert(approval, workspace: memory.workspaceID, at: time, in: transaction)
        try emit("memory.proposed", stored, project: memory.projectID, by: actor, in: transaction)
        return stored
    }

    /// Decides about a memory that waits; an approved one is remembered from now on.
    /// - Throws: 409 when it was decided before, or when its time is over.
    func decide(
        _ stored: Stored<MemoryApproval>, _ status: MemoryApprovalStatus, reason: String?, by actor: Actor,
        in transaction: Transaction
    ) throws -> Stored<MemoryApproval> {
        let time = environment.clock.now()
        var approval = try stored.model()
        guard approval.status == .pending else { throw ServiceError.conflict("it was \(approval.status.rawValue) already") }
        if status == .approved {
            if let expiry = approval.memory.expiresAt, expiry <= time {
                throw ServiceError.conflict("the memory has expired meanwhile: reject it")
            }
            approval.memory.createdAt = time
            approval.memory.updatedAt = time
            _ = try add(approval.memory, by: actor, in: transaction)
        }
        approval.status = status
        approval.reason = reason
        approval.decidedBy = actor
        approval.decidedAt = time
        approval.updatedAt = time
        let decided = try MemoryStore.approvals.replace(stored, with: approval, at: time, in: transaction)
        let type = status == .approved ? "memory.approved" : "memory.rejected"
        try emit(type, decided, project: approval.memory.projectID, by: actor, in: transaction)
        return decided
    }

    /// Does what was decided in the queue of all approvals; nothing when it was decided here already.
    func follow(_ approval: Approval, workspace: String, in transaction: Transaction) throws {
        guard approval.type == .memory, approval.subjectType == "memory", let id = approval.subjectID,
            let stored = try MemoryStore.approvals.find(id, workspace: workspace, in: transaction),
            try stored.model().status == .pending
        else { return }
        let actor = approval.decision?.by ?? .suite
        let reason = approval.decision?.comment ?? approval.decision?.reason
        switch approval.status {
        case .approved:
            let hasExpired = try stored.model().memory.expiresAt.map { $0 <= environment.clock.now() } ?? false
            _ = try decide(stored, hasExpired ? .rejected : .approved, reason: reason, by: actor, in: transaction)
        case .rejected, .expired: _ = try decide(stored, .rejected, reason: reason, by: actor, in: transaction)
        case .pending, .cancelled: break
        }
    }

    /// Removes what was of a project or an agent that is gone, and what waits to be of it.
    func removeAll(where filter: Filter, workspace: String, in transaction: Transaction) throws {
        while true {
            let page = try store.page(ListQuery(filters: [filter], limit: 200), workspace: workspace, in: transaction)
            for memory in page.items { try remove(memory, by: .suite, in: transaction) }
            if page.nextCursor == nil { break }
        }
        while true {
            let query = ListQuery(filters: [filter, .equals("status", MemoryApprovalStatus.pending.rawValue)], limit: 200)
            let page = try MemoryStore.approvals.list(query, workspace: workspace, in: transaction)
            for approval in page.items {
                _ = try decide(approval, .rejected, reason: "what it was of is gone", by: .suite, in: transaction)
            }
            if page.nextCursor == nil { break }
        }
    }

    private func emit<Model>(
        _ type: String, _ stored: Stored<Model>, project: String?, by actor: Actor, in transaction: Transaction
    ) throws {
        try environment.emit(type, stored, project: project, workspace: stored.workspace, actor: actor, in: transaction)
    }
}
