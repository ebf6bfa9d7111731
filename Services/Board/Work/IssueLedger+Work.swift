import Models
import Storage

/// What agents are asked to do about issues: by events that the tasks service consumes.
extension IssueLedger {
    /// Characters of a task's title.
    private static let taskTitleLengthMax = Check.nameLengthMax
    /// The latest comments that an agent reads.
    private static let briefCommentsMax = 20

    /// Asks for what a change of an issue has as its effects.
    func apply(
        _ effects: [WorkRules.Effect], to issue: inout Issue, _ cause: Cause, in transaction: Transaction
    ) throws {
        for effect in effects {
            switch effect {
            case .start:
                let brief = try brief(of: issue, in: transaction)
                let task = task(of: issue, title: issue.title, description: brief, after: nil, cause)
                try request([task], for: &issue, cause, in: transaction)
            case .stop(let work): try order("issue.work_stopped", work, of: issue, cause, in: transaction)
            case .hold(let work): try order("issue.work_paused", work, of: issue, cause, in: transaction)
            case .release(let work): try order("issue.work_resumed", work, of: issue, cause, in: transaction)
            }
        }
    }

    /// What an agent reads: the description, and what has been said since. Quoted, so that a comment is never taken for commands.
    private func brief(of issue: Issue, in reader: any SQLReader) throws -> String {
        guard issue.commentsCount > 0 else { return issue.description }
        let query = ListQuery(order: [.descending("id")], limit: IssueLedger.briefCommentsMax)
        let comments = try history.comments(of: issue.id, query, workspace: issue.workspaceID, in: reader).items
        var brief = issue.description + "\n\n## Comments\n"
        for comment in try comments.reversed().map({ try $0.model() }) {
            let lines = comment.content.split(separator: "\n", omittingEmptySubsequences: false).map { "> \($0)" }
            let text = "\n\(comment.author.name ?? comment.author.id):\n\n" + lines.joined(separator: "\n") + "\n"
            guard brief.utf8.count + text.utf8.count <= Check.textBytesMax else { break }
            brief += text
        }
        return brief
    }

    /// Asks for tasks, one after the other, that are the issue's work from now on.
    func request(_ tasks: [AgentTask], for issue: inout Issue, _ cause: Cause, in transaction: Transaction) throws {
        for task in tasks { try work.add(task: task.id, of: issue.id, workspace: cause.workspace, in: transaction) }
        issue.work = IssueWork(agentID: issue.assigneeID, taskIDs: tasks.map(\.id))
        try tell(
            "issue.work_requested", issue, IssueWorkRequest(issueID: issue.id, tasks: tasks), cause, in: transaction)
    }

    /// A task for an issue's agent, that starts by itself.
    func task(of issue: Issue, title: String, description: String, after previous: String?, _ cause: Cause) -> AgentTask {
        AgentTask(
            id: Identifier.make("task", at: cause.now), workspaceID: issue.workspaceID,
            title: String(title.prefix(IssueLedger.taskTitleLengthMax)), description: description, status: .ready,
            projectID: issue.projectID, goalID: issue.goalID, issueID: issue.id, agentID: issue.assigneeID,
            dependsOn: previous.map { [$0] } ?? [], priority: issue.priority, autoStart: true,
            // Whether a human looks at it is said by the issue's own status.
            review: ReviewPolicy.none, createdBy: cause.actor, createdAt: cause.now, updatedAt: cause.now)
    }

    private func order(
        _ type: String, _ work: IssueWork, of issue: Issue, _ cause: Cause, in transaction: Transaction
    ) throws {
        try tell(type, issue, IssueWorkOrder(issueID: issue.id, taskIDs: work.taskIDs), cause, in: transaction)
    }

    private func tell(
        _ type: String, _ issue: Issue, _ data: some Encodable, _ cause: Cause, in transaction: Transaction
    ) throws {
        try environment.outbox.append(
            type, subject: issue.id, workspace: cause.workspace, project: issue.projectID, actor: cause.actor, at: cause.now,
            data: try DocumentCoding.encode(data), in: transaction)
    }
}
