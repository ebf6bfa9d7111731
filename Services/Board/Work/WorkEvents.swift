import Events
import Models
import Storage

/// What becomes of issues when their agents' tasks and runs go on: told by the events of the services that have them.
struct WorkEvents: Sendable {
    let ledger: IssueLedger

    /// A task of an issue has changed.
    func task(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "task.updated", "task.resumed": try follow(event.entity(AgentTask.self), event, in: transaction)
        case "task.deleted":
            var task = try event.entity(AgentTask.self)
            if !task.status.isFinal { task.status = .cancelled }
            try follow(task, event, in: transaction)
        default: break
        }
    }

    /// A run of an issue's task has changed.
    func run(_ event: Event, in transaction: Transaction) throws {
        guard event.type.hasPrefix("run.") else { return }
        let run = try event.entity(Run.self)
        guard let issue = try ledger.work.issue(of: run.taskID, workspace: event.workspaceID, in: transaction) else { return }
        try ledger.work.keep(run, of: issue, at: event.sequence, in: transaction)
    }

    private func follow(_ task: AgentTask, _ event: Event, in transaction: Transaction) throws {
        let workspace = event.workspaceID
        guard let issueID = try ledger.work.issue(of: task.id, workspace: workspace, in: transaction) else { return }
        try ledger.work.set(task.status, task: task.id, workspace: workspace, in: transaction)
        guard let stored = try ledger.issues.find(issueID, workspace: workspace, in: transaction) else { return }
        var issue = try stored.model()
        guard let work = issue.work, work.taskIDs.contains(task.id) else { return }
        let cause = Cause(actor: try agent(task, in: transaction), workspace: workspace, now: ledger.environment.clock.now())
        if task.status == .running, issue.status == .todo, !issue.isPaused {
            issue.status = .inProgress
            try ledger.save(stored, as: issue, cause, in: transaction)
            return
        }
        let statuses = try ledger.work.statuses(of: work.taskIDs, workspace: workspace, in: transaction)
        let policy = try ledger.crews.get(issue.crewID, workspace: workspace, in: transaction).model().onRunDone
        guard let after = WorkRules.outcome(issue, tasks: statuses, endsInReview: policy == .review) else { return }
        // A change of status by an agent at work: its task is over already, so that nothing is stopped by it.
        try ledger.save(stored, as: after, cause, in: transaction)
        try report(task, on: issueID, cause, in: transaction)
    }

    /// What the agent says in the end is a comment of its own.
    private func report(_ task: AgentTask, on issue: String, _ cause: Cause, in transaction: Transaction) throws {
        let text = task.failure?.message ?? task.summary ?? ""
        guard text.utf8.contains(where: { $0 > 32 }),
            let stored = try ledger.issues.find(issue, workspace: cause.workspace, in: transaction)
        else { return }
        let short = String(decoding: text.utf8.filter { $0 != 0 }.prefix(IssueRules.commentBytesMax), as: UTF8.self)
        _ = try ledger.comment(short, on: stored, cause, in: transaction)
    }

    private func agent(_ task: AgentTask, in transaction: Transaction) throws -> Actor {
        guard let id = task.agentID else { return .suite }
        let known = try ledger.known.find(.agent, id, workspace: task.workspaceID, in: transaction)
        return Actor(type: .agent, id: id, name: known?.name)
    }
}
