/// What the board asks of the tasks service in its event `issue.work_requested`: tasks to be made, or to be tried again.
public struct IssueWorkRequest: Codable, Sendable {
    public var issueID: String
    /// In their order; each depends on what it names.
    public var tasks: [AgentTask]

    public init(issueID: String, tasks: [AgentTask]) {
        self.issueID = issueID
        self.tasks = tasks
    }

    enum CodingKeys: String, CodingKey { case issueID = "issue_id", tasks }
}

/// What the board tells the tasks service of work that it asked for: `issue.work_stopped`, `issue.work_paused`,
/// `issue.work_resumed`.
public struct IssueWorkOrder: Codable, Sendable {
    public var issueID: String
    public var taskIDs: [String]

    public init(issueID: String, taskIDs: [String]) {
        self.issueID = issueID
        self.taskIDs = taskIDs
    }

    enum CodingKeys: String, CodingKey { case issueID = "issue_id", taskIDs = "task_ids" }
}
