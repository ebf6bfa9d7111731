import Events
import Models
import Storage

/// What the events of projects and agents do here: names and slugs are copied, and what belonged to a deleted project goes with
/// it.
struct KnownEvents: Sendable {
    let ledger: IssueLedger
    let cards: CardStore

    /// As much as is needed of an entity that an event tells of.
    private struct Named: Decodable {
        let id: String
        let slug: String
        let name: String
    }

    func project(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "project.created", "project.updated": try keep(.project, event, in: transaction)
        case "project.deleted":
            try ledger.known.forget(.project, id: event.subjectID, workspace: event.workspaceID, in: transaction)
            try cards.removeAll(ofProject: event.subjectID, workspace: event.workspaceID, in: transaction)
            try removeIssues(ofProject: event.subjectID, event, in: transaction)
            try ledger.planning.removeAll(ofProject: event.subjectID, workspace: event.workspaceID, in: transaction)
        default: break
        }
    }

    func agent(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "agent.created", "agent.updated": try keep(.agent, event, in: transaction)
        case "agent.deleted":
            try ledger.known.forget(.agent, id: event.subjectID, workspace: event.workspaceID, in: transaction)
        default: break
        }
    }

    private func keep(_ kind: KnownStore.Kind, _ event: Event, in transaction: Transaction) throws {
        let entity = try event.entity(Named.self)
        try ledger.known.keep(
            kind, id: entity.id, slug: entity.slug, name: entity.name, workspace: event.workspaceID, in: transaction)
    }

    private func removeIssues(ofProject project: String, _ event: Event, in transaction: Transaction) throws {
        let cause = Cause(actor: event.actor ?? .suite, workspace: event.workspaceID, now: ledger.environment.clock.now())
        let ids = try transaction.all(
            "SELECT id FROM issues WHERE workspace_id = ? AND project_id = ?", event.workspaceID, project, map: { $0.text(0) })
        for id in ids {
            guard let stored = try ledger.issues.find(id, workspace: event.workspaceID, in: transaction) else { continue }
            try ledger.remove(stored, cause, in: transaction)
        }
    }
}
