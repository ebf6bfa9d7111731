/// Where an issue stands, as it is stored (`API.md`, *Issues*). Each surface has its own words for it.
public enum IssueStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case backlog, todo, waiting, inProgress = "in_progress", review, done, closed, failed, cancelled

    /// Nothing more is to be done, and nobody waits for it any longer.
    public var isEnded: Bool { self == .done || self == .closed || self == .cancelled }

    /// Somebody works on it, or has.
    public var isWork: Bool { self == .inProgress || self == .review }
}

/// The work of an agent on an issue that is under way.
public struct IssueWork: Codable, Sendable, Hashable {
    public var agentID: String?
    /// The tasks that it consists of: one, or those of a routine.
    public var taskIDs: [String]
    /// It stops at its next turn or block, and goes on when this is false again.
    public var isHeld: Bool

    public init(agentID: String?, taskIDs: [String], isHeld: Bool = false) {
        self.agentID = agentID
        self.taskIDs = taskIDs
        self.isHeld = isHeld
    }

    enum CodingKeys: String, CodingKey { case agentID = "agent_id", taskIDs = "task_ids", isHeld = "held" }
}

/// A work item. One issue, shown by three surfaces.
public struct Issue: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var crewID: String
    /// `ENG-42`: the crew's prefix and a number that never repeats or skips in its crew.
    public var identifier: String
    public var number: Int
    public var projectID: String?
    public var goalID: String?
    public var title: String
    public var description: String
    public var status: IssueStatus
    /// Where it stood before it had to wait.
    public var heldFrom: IssueStatus?
    /// Whoever works on it was told to stop for now.
    public var isPaused: Bool
    public var priority: Priority
    public var assigneeType: ActorType?
    public var assigneeID: String?
    public var labelIDs: [String]
    /// `YYYY-MM-DD`.
    public var dueDate: String?
    public var estimate: Int?
    public var parentID: String?
    public var milestoneID: String?
    public var routineID: String?
    public var routineInputs: JSONValue?
    /// Its place in every column: ordered by this, and by `rank` among equals.
    public var sortOrder: Double
    public var rank: String
    public var commentsCount: Int
    public var work: IssueWork?
    public var createdBy: Actor?
    /// `user_api` or `agent_tool_call` (seed 003).
    public var authoredVia: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var completedAt: Timestamp?

    public init(
        id: String, workspaceID: String, crewID: String, identifier: String, number: Int, title: String,
        status: IssueStatus, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.crewID = crewID
        self.identifier = identifier
        self.number = number
        self.title = title
        description = ""
        self.status = status
        isPaused = false
        priority = .none
        labelIDs = []
        sortOrder = 0
        rank = ""
        commentsCount = 0
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", crewID = "crew_id", identifier, number, projectID = "project_id"
        case goalID = "goal_id", title, description, status, heldFrom = "held_from", isPaused = "paused", priority
        case assigneeType = "assignee_type", assigneeID = "assignee_id", labelIDs = "label_ids", dueDate = "due_date", estimate
        case parentID = "parent_issue_id", milestoneID = "milestone_id", routineID = "routine_id"
        case routineInputs = "routine_inputs", sortOrder = "sort_order", rank, commentsCount = "comments_count", work
        case createdBy = "created_by", authoredVia = "authored_via", createdAt = "created_at", updatedAt = "updated_at"
        case completedAt = "completed_at"
    }
}
