/// The body of `POST /goals-api`.
public struct CreateGoal: Codable, Sendable {
    public var title: String
    /// Markdown; the planner reads its structure.
    public var description: String?
    /// An id or a slug.
    public var projectID: String?
    /// Gets the tasks that name no agent.
    public var agentID: String?
    public var parentGoalID: String?

    public init(
        title: String, description: String? = nil, projectID: String? = nil, agentID: String? = nil, parentGoalID: String? = nil
    ) {
        self.title = title
        self.description = description
        self.projectID = projectID
        self.agentID = agentID
        self.parentGoalID = parentGoalID
    }

    enum CodingKeys: String, CodingKey {
        case title, description, projectID = "project_id", agentID = "agent_id", parentGoalID = "parent_goal_id"
    }
}

/// The body of `PATCH /goals-api/{id}`. The plan stays as it is; `decompose` drafts it anew.
public struct UpdateGoal: Codable, Sendable {
    public var title: Field<String>
    public var description: Field<String>
    public var agentID: Field<String>
    public var parentGoalID: Field<String>

    enum CodingKeys: String, CodingKey {
        case title, description, agentID = "agent_id", parentGoalID = "parent_goal_id"
    }
}

/// A goal and the tasks that were drafted for it.
public struct GoalPlan: Codable, Sendable {
    public var goal: Goal
    public var tasks: [AgentTask]

    public init(goal: Goal, tasks: [AgentTask]) {
        self.goal = goal
        self.tasks = tasks
    }
}
