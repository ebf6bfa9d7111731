/// Where an issue stands, as it is stored (`API.md`, *Issues*).
public enum IssueStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case backlog, todo, waiting, inProgress = "in_progress", review, done, closed, failed, cancelled

    /// Nothing more is to be done.
    public var isEnded: Bool { self == .done || self == .closed || self == .cancelled }

    /// The word of the workspace surface (seed 000).
    public var workspaceWord: String {
        switch self {
        case .backlog: "backlog"
        case .todo: "open"
        case .waiting: "blocked"
        case .inProgress: "in_progress"
        case .review: "in_review"
        case .done: "resolved"
        case .closed: "closed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    /// The status of a word of the workspace surface, or of the stored word itself.
    public init?(word: String) {
        guard let status = IssueStatus.allCases.first(where: { $0.workspaceWord == word }) ?? IssueStatus(rawValue: word)
        else { return nil }
        self = status
    }
}

/// A work item of a project. One issue, shown by several surfaces.
public struct Issue: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    /// `ISS-42`: a prefix and a number that never repeats or skips in its workspace.
    public var identifier: String
    public var number: Int
    public var projectID: String?
    public var goalID: String?
    public var title: String
    public var description: String
    public var status: IssueStatus
    public var priority: Priority
    public var assigneeType: ActorType?
    public var assigneeID: String?
    public var labels: [String]
    /// `YYYY-MM-DD`.
    public var dueDate: String?
    public var estimate: Int?
    /// Its place in its column: ranks order as text, and there is always one between two.
    public var rank: String
    public var commentsCount: Int
    public var createdBy: Actor?
    /// `user_api` or `agent_tool_call` (seed 003).
    public var authoredVia: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var completedAt: Timestamp?

    public init(
        id: String, workspaceID: String, number: Int, projectID: String?, goalID: String?, title: String, description: String,
        status: IssueStatus, priority: Priority, assigneeType: ActorType?, assigneeID: String?, labels: [String],
        dueDate: String?,
        estimate: Int?, rank: String, createdBy: Actor, authoredVia: String, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        identifier = "ISS-\(number)"
        self.number = number
        self.projectID = projectID
        self.goalID = goalID
        self.title = title
        self.description = description
        self.status = status
        self.priority = priority
        self.assigneeType = assigneeType
        self.assigneeID = assigneeID
        self.labels = labels
        self.dueDate = dueDate
        self.estimate = estimate
        self.rank = rank
        commentsCount = 0
        self.createdBy = createdBy
        self.authoredVia = authoredVia
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", identifier, number, projectID = "project_id", goalID = "goal_id", title,
            description
        case status, priority, assigneeType = "assignee_type", assigneeID = "assignee_id", labels, dueDate = "due_date", estimate
        case rank, commentsCount = "comments_count", createdBy = "created_by", authoredVia = "authored_via"
        case createdAt = "created_at", updatedAt = "updated_at", completedAt = "completed_at"
    }
}

/// An issue in the words of the workspace surface (seed 000).
public struct WorkspaceIssue: Codable, Sendable {
    public var id: String
    public var identifier: String
    public var projectID: String?
    public var title: String
    public var description: String
    public var status: String
    public var priority: Priority
    public var assigneeID: String?
    public var labels: [String]
    public var dueDate: String?
    public var commentsCount: Int
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var completedAt: Timestamp?

    public init(_ issue: Issue) {
        id = issue.id
        identifier = issue.identifier
        projectID = issue.projectID
        title = issue.title
        description = issue.description
        status = issue.status.workspaceWord
        priority = issue.priority
        assigneeID = issue.assigneeID
        labels = issue.labels
        dueDate = issue.dueDate
        commentsCount = issue.commentsCount
        createdBy = issue.createdBy
        createdAt = issue.createdAt
        updatedAt = issue.updatedAt
        completedAt = issue.completedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, identifier, projectID = "project_id", title, description, status, priority, assigneeID = "assignee_id", labels
        case dueDate = "due_date", commentsCount = "comments_count", createdBy = "created_by", createdAt = "created_at"
        case updatedAt = "updated_at", completedAt = "completed_at"
    }
}

/// What somebody said about an issue.
public struct IssueComment: Codable, Sendable, Hashable {
    public var id: String
    public var issueID: String
    public var content: String
    public var author: Actor
    public var createdAt: Timestamp

    public init(id: String, issueID: String, content: String, author: Actor, createdAt: Timestamp) {
        self.id = id
        self.issueID = issueID
        self.content = content
        self.author = author
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey { case id, issueID = "issue_id", content, author, createdAt = "created_at" }
}
