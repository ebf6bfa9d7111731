import Events
import Models
import Storage

/// What decisions on approvals and the progress of tasks do to goals.
struct GoalEvents: Sendable {
    let ledger: GoalLedger

    private var goals: GoalStore { ledger.goals }

    /// A plan's approval was decided, or has expired.
    func applyApproval(_ event: Event, in transaction: Transaction) throws {
        guard event.type == "approval.decided" else { return }
        let approval = try event.entity(Approval.self)
        guard approval.type == .plan, approval.subjectType == "goal", let id = approval.subjectID,
            let stored = try goals.goals.find(id, workspace: event.workspaceID, in: transaction)
        else { return }
        let cause = Cause(
            actor: approval.decision?.by ?? event.actor ?? .suite, workspace: event.workspaceID,
            now: ledger.environment.clock.now())
        let hasTasks = try !goals.counts(of: id, workspace: event.workspaceID, in: transaction).isEmpty
        guard let changed = try GoalRules.decided(approval, try stored.model(), hasTasks: hasTasks, at: cause.now) else { return }
        try ledger.save(
            stored, as: changed, event: approval.status == .approved ? "goal.approved" : "goal.cancelled", cause: cause,
            in: transaction)
    }

    /// Whether a task's event has an effect here: a new task that belongs to no project and no goal has none.
    static func concerns(_ event: Event) throws -> Bool {
        guard event.type == "task.created", event.projectID == nil else { return true }
        struct Owned: Decodable {
            let goalID: String?

            enum CodingKeys: String, CodingKey { case goalID = "goal_id" }
        }
        return try event.entity(Owned.self).goalID != nil
    }

    /// A task was made, moved or deleted: the progress of its goal, and a row for its project's activity.
    func applyTask(_ event: Event, in transaction: Transaction) throws {
        guard ["task.created", "task.updated", "task.deleted"].contains(event.type) else { return }
        let task = try event.entity(AgentTask.self)
        let before = try goals.state(ofTask: task.id, workspace: event.workspaceID, in: transaction)
        let cause = Cause(actor: event.actor ?? .suite, workspace: event.workspaceID, now: ledger.environment.clock.now())
        if event.type == "task.deleted" {
            try goals.forget(task: task.id, workspace: event.workspaceID, in: transaction)
        } else if task.goalID != nil || task.projectID != nil {
            try goals.keep(task, isPlanned: false, in: transaction)
        } else if before != nil {
            try goals.forget(task: task.id, workspace: event.workspaceID, in: transaction)
        }
        try log(event, task, before?.status, cause, in: transaction)
        for goal in Set([before?.goal, task.goalID].compactMap { $0 }) { try settle(goal, cause, in: transaction) }
    }

    private func settle(_ id: String, _ cause: Cause, in transaction: Transaction) throws {
        guard let stored = try goals.goals.find(id, workspace: cause.workspace, in: transaction) else { return }
        let counts = try goals.counts(of: id, workspace: cause.workspace, in: transaction)
        let changed = GoalRules.progressed(try stored.model(), counts, at: cause.now)
        try ledger.save(stored, as: changed, cause: cause, in: transaction)
    }

    private func log(
        _ event: Event, _ task: AgentTask, _ before: TaskStatus?, _ cause: Cause, in transaction: Transaction
    ) throws {
        switch event.type {
        case "task.created":
            try ledger.log(
                "task.created", task.id, of: task.projectID, "made the task \"\(task.title)\"", cause, in: transaction)
        case "task.deleted":
            try ledger.log(
                "task.deleted", task.id, of: task.projectID, "deleted the task \"\(task.title)\"", cause, in: transaction)
        default:
            guard before != task.status else { return }
            try ledger.log(
                "task.\(task.status.rawValue)", task.id, of: task.projectID, "\"\(task.title)\" is \(task.status.rawValue)",
                cause,
                in: transaction)
        }
    }
}
