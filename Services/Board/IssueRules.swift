import Models

/// What the domain asks of an issue. Pure functions.
enum IssueRules {
    static let titleLengthMax = 500
    static let commentBytesMax = 64 * 1024

    /// A new issue.
    /// - Parameters:
    ///   - number: the next of the workspace.
    ///   - rank: after the last of its column.
    /// - Throws: 400 naming the field.
    static func make(
        _ input: CreateIssue, project: String?, number: Int, rank: String, workspace: String, by actor: Actor, at time: Timestamp
    ) throws -> Issue {
        var issue = Issue(
            id: Identifier.make("issue", at: time), workspaceID: workspace, number: number, projectID: project,
            goalID: input.goalID,
            title: input.title, description: input.description ?? "", status: try status(input.status ?? "open"),
            priority: input.priority ?? .none, assigneeType: assigneeType(input.assigneeID), assigneeID: input.assigneeID,
            labels: input.labels ?? [], dueDate: input.dueDate, estimate: input.estimate, rank: rank, createdBy: actor,
            authoredVia: actor.type == .agent ? "agent_tool_call" : "user_api", createdAt: time)
        if issue.status.isEnded { issue.completedAt = time }
        try validate(issue)
        return issue
    }

    /// The issue with what a PATCH names replaced.
    static func update(_ issue: Issue, with change: UpdateIssue, project: String?, at time: Timestamp) throws -> Issue {
        var issue = issue
        issue.title = try change.title.applied(to: issue.title, field: "title")
        issue.description = change.description.applied(to: issue.description) ?? ""
        issue.priority = change.priority.applied(to: issue.priority) ?? .none
        issue.projectID = project
        issue.goalID = change.goalID.applied(to: issue.goalID)
        issue.assigneeID = change.assigneeID.applied(to: issue.assigneeID)
        issue.assigneeType = assigneeType(issue.assigneeID)
        issue.labels = change.labels.applied(to: issue.labels) ?? []
        issue.dueDate = change.dueDate.applied(to: issue.dueDate)
        issue.estimate = change.estimate.applied(to: issue.estimate)
        if case .value(let word) = change.status { issue = move(issue, to: try status(word), at: time) }
        if case .null = change.status { throw ServiceError.invalid("status", "must not be null") }
        try validate(issue)
        issue.updatedAt = time
        return issue
    }

    /// The issue in another status; `completed_at` follows.
    static func move(_ issue: Issue, to status: IssueStatus, at time: Timestamp) -> Issue {
        var issue = issue
        if status.isEnded != issue.status.isEnded { issue.completedAt = status.isEnded ? time : nil }
        issue.status = status
        issue.updatedAt = time
        return issue
    }

    /// - Throws: 400 listing the words.
    static func status(_ word: String, field: String = "status") throws -> IssueStatus {
        guard let status = IssueStatus(word: word) else {
            let words = IssueStatus.allCases.map(\.workspaceWord).joined(separator: ", ")
            throw ServiceError.invalid(field, "must be one of \(words)")
        }
        return status
    }

    static func comment(_ input: CreateComment, on issue: String, by actor: Actor, at time: Timestamp) throws -> IssueComment {
        try Check.text(input.content, "content", bytesMax: commentBytesMax)
        guard input.content.utf8.contains(where: { $0 > 32 }) else { throw ServiceError.invalid("content", "must not be blank") }
        return IssueComment(
            id: Identifier.make("comment", at: time), issueID: issue, content: input.content, author: actor, createdAt: time)
    }

    private static func assigneeType(_ id: String?) -> ActorType? {
        id.map { $0.hasPrefix("agent_") ? .agent : .user }
    }

    private static func validate(_ issue: Issue) throws {
        try Check.name(issue.title, "title", lengthMax: titleLengthMax)
        try Check.text(issue.description, "description")
        try Check.tags(issue.labels, "labels")
        if let estimate = issue.estimate { try Check.range(estimate, "estimate", 0...10_000) }
        if let id = issue.assigneeID { try Check.name(id, "assignee_id") }
        if let id = issue.goalID { try Check.name(id, "goal_id") }
        if let date = issue.dueDate {
            guard date.utf8.count == 10, Timestamp(rfc3339: date + "T00:00:00Z") != nil else {
                throw ServiceError.invalid("due_date", "must be a date, YYYY-MM-DD")
            }
        }
    }
}
