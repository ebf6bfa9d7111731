/// What a planner makes of a goal: phases in order, each with its tasks, before anything of it is stored.
public struct PlanDraft: Sendable, Codable, Equatable {
    public var phases: [PlanPhase]
    /// Prose that belongs to the goal as a whole and to no task.
    public var notes: String
    /// What was left out or not understood, each a sentence for the human who approves the plan.
    public var warnings: [String]

    public init(phases: [PlanPhase], notes: String = "", warnings: [String] = []) {
        self.phases = phases
        self.notes = notes
        self.warnings = warnings
    }

    /// The tasks of all phases, in the order of the plan.
    public var tasks: [PlannedTask] { phases.flatMap(\.tasks) }
}

/// One step of a plan. A phase begins when the one before it is done.
public struct PlanPhase: Sendable, Codable, Equatable {
    /// Unique in its plan.
    public var name: String
    /// Prose of the phase that belongs to none of its tasks.
    public var notes: String
    public var tasks: [PlannedTask]

    public init(name: String, notes: String = "", tasks: [PlannedTask]) {
        self.name = name
        self.notes = notes
        self.tasks = tasks
    }
}

/// One piece of work for one agent.
public struct PlannedTask: Sendable, Codable, Equatable {
    /// Unique in its plan; means nothing outside of it.
    public var key: String
    public var title: String
    /// Markdown: prose, sub-steps as check-list lines, and fenced blocks as they were written.
    public var description: String
    /// The keys of the tasks that must be completed first, in the order of the plan.
    public var after: [String]
    /// The slug of the agent that the item names; whether there is such an agent, the planner does not know.
    public var agent: String?
    /// The name of its phase.
    public var phase: String

    public init(key: String, title: String, description: String, after: [String] = [], agent: String? = nil, phase: String) {
        self.key = key
        self.title = title
        self.description = description
        self.after = after
        self.agent = agent
        self.phase = phase
    }
}
