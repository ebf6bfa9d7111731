/// What the event `goal.drafted` carries: a goal, the tasks that were drafted for it, and the approval that they wait for.
public struct GoalDrafted: Codable, Sendable {
    public var goal: Goal
    public var tasks: [AgentTask]
    public var approval: Approval
    /// Ids of the tasks of the plan that this one takes the place of.
    public var replaces: [String]?

    public init(goal: Goal, tasks: [AgentTask], approval: Approval, replaces: [String]? = nil) {
        self.goal = goal
        self.tasks = tasks
        self.approval = approval
        self.replaces = replaces
    }
}
