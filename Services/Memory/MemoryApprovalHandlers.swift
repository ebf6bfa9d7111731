import Models
import Service
import Storage

/// The queue of memories that agents may not save by themselves.
struct MemoryApprovalHandlers: Sendable {
    static let reasonBytesMax = 8192

    let ledger: MemoryLedger

    /// Those that wait, unless another status is asked for.
    func list(_ call: Call) async throws -> Listing<MemoryApproval> {
        let asked = try call.query.words("status", as: MemoryApprovalStatus.self)
        let statuses = asked.isEmpty ? [.pending] : asked
        let query = try call.page(
            filters: [.isIn("status", statuses.map(\.rawValue))] + call.equals("project_id", "agent_id"),
            order: [.ascending("created_at")])
        let page = try await call.read { try MemoryStore.approvals.list(query, workspace: call.workspace, in: $0) }
        return Listing(page, as: "approvals")
    }

    func show(_ call: Call) async throws -> Found<MemoryApproval> {
        Found(try await call.read { try MemoryStore.approvals.get(call.parameter("id"), workspace: call.workspace, in: $0) })
    }

    func approve(_ call: Call, body: DecideMemory) async throws -> Found<MemoryApproval> {
        try await decide(call, .approved, body)
    }

    func reject(_ call: Call, body: DecideMemory) async throws -> Found<MemoryApproval> {
        try await decide(call, .rejected, body)
    }

    private func decide(
        _ call: Call, _ status: MemoryApprovalStatus, _ body: DecideMemory
    ) async throws -> Found<MemoryApproval> {
        let field = body.reason != nil ? "reason" : "comment"
        let reason = try (body.reason ?? body.comment).map {
            try Check.text($0, field, bytesMax: MemoryApprovalHandlers.reasonBytesMax)
        }
        return try await call.write { transaction in
            let stored = try MemoryStore.approvals.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            return Found(try ledger.decide(stored, status, reason: reason, by: call.actor, in: transaction))
        }
    }
}
