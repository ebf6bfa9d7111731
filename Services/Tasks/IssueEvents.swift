import Events
import Models
import Storage

/// What the board asks for: tasks for an issue's agent, and that their work is stopped, held, or goes on.
struct IssueEvents: Sendable {
    static let types = ["issue.work_requested", "issue.work_stopped", "issue.work_paused", "issue.work_resumed"]

    let ledger: TaskLedger

    func apply(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "issue.work_requested": try request(event.entity(IssueWorkRequest.self), event, in: transaction)
        case "issue.work_stopped": try stop(event.entity(IssueWorkOrder.self), event, in: transaction)
        case "issue.work_paused": try tell("task.paused", event.entity(IssueWorkOrder.self), event, in: transaction)
        case "issue.work_resumed": try tell("task.resumed", event.entity(IssueWorkOrder.self), event, in: transaction)
        default: break
        }
    }

    private func cause(_ event: Event, _ reason: String) -> Cause {
        Cause(actor: event.actor ?? .suite, workspace: event.workspaceID, now: ledger.environment.clock.now(), reason: reason)
    }

    /// Makes the tasks, in their order. One that is there already was made by an earlier delivery of the event.
    private func request(_ request: IssueWorkRequest, _ event: Event, in transaction: Transaction) throws {
        for task in request.tasks {
            guard try !ledger.store.exists(task.id, workspace: event.workspaceID, in: transaction) else { continue }
            do {
                try ledger.add(task, cause: cause(event, "an issue was started"), in: transaction)
            } catch let error as ServiceError where error.kind == .validation {
                // Its project or goal has gone meanwhile, and the issue with it.
                continue
            }
        }
    }

    private func stop(_ order: IssueWorkOrder, _ event: Event, in transaction: Transaction) throws {
        // Last first, so that nothing is released by what goes.
        for id in order.taskIDs.reversed() {
            guard let stored = try ledger.store.find(id, workspace: event.workspaceID, in: transaction) else { continue }
            let why = cause(event, "the work on its issue was stopped")
            if let changed = TaskRules.issueStopped(try stored.model(), at: why.now) {
                try ledger.save(stored, as: changed, cause: why, in: transaction)
            }
        }
    }

    private func tell(_ type: String, _ order: IssueWorkOrder, _ event: Event, in transaction: Transaction) throws {
        for id in order.taskIDs {
            guard let stored = try ledger.store.find(id, workspace: event.workspaceID, in: transaction) else { continue }
            try ledger.environment.emit(
                type, stored, project: event.projectID, workspace: event.workspaceID, actor: event.actor, in: transaction)
        }
    }
}
