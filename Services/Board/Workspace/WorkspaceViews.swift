import Models
import Service
import Storage

/// An issue in the words of the workspace surface (seed 000).
struct WorkspaceIssue: Codable, Sendable {
    var id: String
    var identifier: String
    var projectID: OrNull<String>
    var crewID: String
    var goalID: OrNull<String>
    var title: String
    var description: String
    var status: String
    var priority: Priority
    var assigneeType: OrNull<ActorType>
    var assigneeID: OrNull<String>
    var assigneeName: OrNull<String>
    var labels: [String]
    var dueDate: OrNull<String>
    var estimate: OrNull<Int>
    var parentIssueID: OrNull<String>
    var milestoneID: OrNull<String>
    var sortOrder: Double
    /// The identifiers of what it waits for.
    var blockedBy: [String]
    var paused: Bool
    var commentsCount: Int
    var createdBy: Actor?
    var authoredVia: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var completedAt: OrNull<Timestamp>

    init(_ issue: Issue, _ facts: IssueFacts) throws {
        id = issue.id
        identifier = issue.identifier
        projectID = OrNull(issue.projectID)
        crewID = issue.crewID
        goalID = OrNull(issue.goalID)
        title = issue.title
        description = issue.description
        status = WorkspaceWords.word(issue.status)
        priority = issue.priority
        assigneeType = OrNull(issue.assigneeType)
        assigneeID = OrNull(issue.assigneeID)
        assigneeName = OrNull(try facts.name(issue.assigneeType, issue.assigneeID))
        labels = try facts.labels(of: issue).map(\.name)
        dueDate = OrNull(issue.dueDate)
        estimate = OrNull(issue.estimate)
        parentIssueID = OrNull(issue.parentID)
        milestoneID = OrNull(issue.milestoneID)
        sortOrder = issue.sortOrder
        blockedBy = try facts.blockers(of: issue)
        paused = issue.isPaused
        commentsCount = issue.commentsCount
        createdBy = try facts.actor(issue.createdBy)
        authoredVia = issue.authoredVia
        createdAt = issue.createdAt
        updatedAt = issue.updatedAt
        completedAt = OrNull(issue.completedAt)
    }

    enum CodingKeys: String, CodingKey {
        case id, identifier, projectID = "project_id", crewID = "crew_id", goalID = "goal_id", title, description, status,
            priority
        case assigneeType = "assignee_type", assigneeID = "assignee_id", assigneeName = "assignee_name", labels
        case dueDate = "due_date", estimate, parentIssueID = "parent_issue_id", milestoneID = "milestone_id"
        case sortOrder = "sort_order", blockedBy = "blocked_by", paused, commentsCount = "comments_count"
        case createdBy = "created_by", authoredVia = "authored_via", createdAt = "created_at", updatedAt = "updated_at"
        case completedAt = "completed_at"
    }
}

/// A page of issues on the workspace surface.
struct WorkspaceIssuePage: Codable, Sendable {
    let issues: [WorkspaceIssue]
    let nextCursor: OrNull<String>

    enum CodingKeys: String, CodingKey { case issues, nextCursor = "next_cursor" }
}

/// `POST /api/issues` (seed 000).
struct CreateIssue: Codable, Sendable {
    var title: String
    var description: String?
    /// A word of the workspace surface; `open` when left out.
    var status: String?
    var priority: Priority?
    var projectID: String?
    var crewID: String?
    var goalID: String?
    var assigneeID: String?
    /// Names or ids; a name that no label has becomes one.
    var labels: [String]?
    var dueDate: String?
    var estimate: Int?
    var parentIssueID: String?
    var milestoneID: String?
    /// An issue that must end first.
    var blockedBy: String?

    enum CodingKeys: String, CodingKey {
        case title, description, status, priority, projectID = "project_id", crewID = "crew_id", goalID = "goal_id"
        case assigneeID = "assignee_id", labels, dueDate = "due_date", estimate, parentIssueID = "parent_issue_id"
        case milestoneID = "milestone_id", blockedBy = "blocked_by"
    }
}

/// `PATCH /api/issues/{id}`: what is named changes, `null` clears.
struct UpdateIssue: Codable, Sendable {
    var title: Field<String>
    var description: Field<String>
    var status: Field<String>
    var priority: Field<Priority>
    var projectID: Field<String>
    var goalID: Field<String>
    var assigneeID: Field<String>
    var labels: Field<[String]>
    var dueDate: Field<String>
    var estimate: Field<Int>
    var parentIssueID: Field<String>
    var milestoneID: Field<String>
    var sortOrder: Field<Double>

    enum CodingKeys: String, CodingKey {
        case title, description, status, priority, projectID = "project_id", goalID = "goal_id", assigneeID = "assignee_id"
        case labels, dueDate = "due_date", estimate, parentIssueID = "parent_issue_id", milestoneID = "milestone_id"
        case sortOrder = "sort_order"
    }
}

/// `POST /api/issues/{id}/comments`.
struct CreateComment: Codable, Sendable {
    var content: String
}

/// `POST /board-api/cards/{issueId}/move`: into a column, and where in it.
struct MoveCard: Codable, Sendable {
    var status: String
    /// The issue that the card is to stand before.
    var before: String?
    /// The issue that it is to stand after.
    var after: String?
    /// Also into a column that has as many cards as it should.
    var force: Bool?
}
