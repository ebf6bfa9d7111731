import Events
import Models
import Storage

/// What the memory service's events do to approvals: a memory that an agent may not save by itself is asked about here too,
/// and the question goes when it is answered there.
struct MemoryEvents: Sendable {
    let ledger: ApprovalLedger

    /// Characters of the memory that its title shows.
    static let titleCharactersMax = 80

    func apply(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "memory.proposed": try proposed(event.entity(MemoryApproval.self), event, in: transaction)
        case "memory.approved": try settle(.approved, "decided in the memory's own queue", event, in: transaction)
        case "memory.rejected": try settle(.rejected, "decided in the memory's own queue", event, in: transaction)
        default: break
        }
    }

    private func proposed(_ proposal: MemoryApproval, _ event: Event, in transaction: Transaction) throws {
        let workspace = event.workspaceID
        guard try !ledger.store.isAsked(about: proposal.id, workspace: workspace, in: transaction) else { return }
        let now = ledger.environment.clock.now()
        let line = proposal.memory.content.prefix { !$0.isNewline }.prefix(MemoryEvents.titleCharactersMax)
        let approval = Approval(
            id: Identifier.make("appr", at: now), workspaceID: workspace, type: .memory, title: "Remember: \(line)",
            detail: proposal.memory.content, subjectType: "memory", subjectID: proposal.id, projectID: proposal.memory.projectID,
            requestedBy: proposal.requestedBy, createdAt: now, updatedAt: now)
        _ = try ledger.add(approval, actor: event.actor ?? .suite, in: transaction)
    }

    private func settle(_ status: ApprovalStatus, _ why: String, _ event: Event, in transaction: Transaction) throws {
        let pending = try ledger.store.pending(
            where: .subject, is: event.subjectID, workspace: event.workspaceID, in: transaction)
        for id in pending {
            let stored = try ledger.store.approval(id, workspace: event.workspaceID, in: transaction)
            let actor = event.actor ?? .suite
            let now = ledger.environment.clock.now()
            guard let decided = ApprovalRules.settled(try stored.model(), status, by: actor, because: why, at: now) else {
                continue
            }
            try ledger.decide(stored, decided, actor: actor, in: transaction)
        }
    }
}
