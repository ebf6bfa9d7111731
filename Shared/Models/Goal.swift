/// Where a goal stands; the words of a project's status (seed 004).
public enum GoalStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case pending, running, completed, failed, cancelled
}

/// How many tasks stand where.
public struct TaskCounts: Codable, Sendable, Hashable {
    public var total: Int
    public var completed: Int
    public var failed: Int
    public var running: Int
    public var cancelled: Int

    public init(
        total: Int = 0, completed: Int = 0, failed: Int = 0, running: Int = 0, cancelled: Int = 0
    ) {
        self.total = total
        self.completed = completed
        self.failed = failed
        self.running = running
        self.cancelled = cancelled
    }
}

/// An intention, and the plan that was drafted from it.
public struct Goal: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var projectID: String?
    public var parentGoalID: String?
    /// Gets the tasks that name no agent.
    public var agentID: String?
    public var title: String
    public var description: String
    public var status: GoalStatus
    /// The `plan` approval in the queue.
    public var approvalID: String?
    /// Counts the decompositions.
    public var planVersion: Int
    /// What the planner could not make sense of.
    public var warnings: [String]
    public var progress: TaskCounts
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var completedAt: Timestamp?

    public init(
        id: String, workspaceID: String, projectID: String? = nil, parentGoalID: String? = nil, agentID: String? = nil,
        title: String, description: String = "", status: GoalStatus, approvalID: String? = nil, planVersion: Int = 0,
        warnings: [String] = [], progress: TaskCounts = TaskCounts(), createdBy: Actor? = nil, createdAt: Timestamp,
        updatedAt: Timestamp, completedAt: Timestamp? = nil
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.projectID = projectID
        self.parentGoalID = parentGoalID
        self.agentID = agentID
        self.title = title
        self.description = description
        self.status = status
        self.approvalID = approvalID
        self.planVersion = planVersion
        self.warnings = warnings
        self.progress = progress
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.completedAt = completedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", projectID = "project_id", parentGoalID = "parent_goal_id"
        case agentID = "agent_id", title, description, status, approvalID = "approval_id", planVersion = "plan_version"
        case warnings, progress, createdBy = "created_by", createdAt = "created_at", updatedAt = "updated_at"
        case completedAt = "completed_at"
    }
}
