/// Where a task stands (`API.md`, *Decided where the scopes seed is silent*).
public enum TaskStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case draft, ready, blocked, queued, running, review, completed, failed, interrupted, cancelled

    /// Nothing more happens to the task by itself.
    public var isFinal: Bool { self == .completed || self == .failed || self == .interrupted || self == .cancelled }

    /// A run has been asked for, or is at work.
    public var isActive: Bool { self == .queued || self == .running }
}

/// A unit of work for one agent. (Named so because `Task` is Swift's own.)
public struct AgentTask: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var title: String
    public var description: String
    public var status: TaskStatus
    public var projectID: String?
    public var goalID: String?
    public var issueID: String?
    /// The plan's phase.
    public var phase: String?
    /// Its place in the plan.
    public var position: Int
    public var agentID: String?
    /// Ids of the tasks that must be completed first.
    public var dependsOn: [String]
    public var chatID: String?
    public var priority: Priority
    /// Starts by itself once ready.
    public var autoStart: Bool
    /// Part of an approved plan, or approved alone: starts by itself once ready.
    public var approved: Bool
    /// The agent's when absent.
    public var review: ReviewPolicy?
    /// Its latest run.
    public var runID: String?
    /// How many runs it has had.
    public var runs: Int
    /// The branch of its latest run.
    public var branch: String?
    public var commit: String?
    /// What its agent reported.
    public var summary: String?
    public var failure: Failure?
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var startedAt: Timestamp?
    public var completedAt: Timestamp?

    public init(
        id: String, workspaceID: String, title: String, description: String = "", status: TaskStatus,
        projectID: String? = nil, goalID: String? = nil, issueID: String? = nil, phase: String? = nil, position: Int = 0,
        agentID: String? = nil, dependsOn: [String] = [], chatID: String? = nil, priority: Priority = .none,
        autoStart: Bool = false, approved: Bool = false, review: ReviewPolicy? = nil, runID: String? = nil, runs: Int = 0,
        branch: String? = nil, commit: String? = nil, summary: String? = nil, failure: Failure? = nil,
        createdBy: Actor? = nil, createdAt: Timestamp, updatedAt: Timestamp, startedAt: Timestamp? = nil,
        completedAt: Timestamp? = nil
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.title = title
        self.description = description
        self.status = status
        self.projectID = projectID
        self.goalID = goalID
        self.issueID = issueID
        self.phase = phase
        self.position = position
        self.agentID = agentID
        self.dependsOn = dependsOn
        self.chatID = chatID
        self.priority = priority
        self.autoStart = autoStart
        self.approved = approved
        self.review = review
        self.runID = runID
        self.runs = runs
        self.branch = branch
        self.commit = commit
        self.summary = summary
        self.failure = failure
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.startedAt = startedAt
        self.completedAt = completedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", title, description, status, projectID = "project_id", goalID = "goal_id"
        case issueID = "issue_id", phase, position, agentID = "agent_id", dependsOn = "depends_on", chatID = "chat_id"
        case priority, autoStart = "auto_start", approved, review, runID = "run_id", runs, branch, commit, summary, failure
        case createdBy = "created_by", createdAt = "created_at", updatedAt = "updated_at", startedAt = "started_at"
        case completedAt = "completed_at"
    }
}
