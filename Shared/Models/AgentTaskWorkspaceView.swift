/// A task's status in the words of the workspace surface (`API.md`): what has not started is `pending`, the rest are the same
/// words.
public enum WorkspaceTaskStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case pending, running, review, completed, failed, interrupted, cancelled

    public init(_ status: TaskStatus) {
        switch status {
        case .draft, .ready, .blocked, .queued: self = .pending
        case .running: self = .running
        case .review: self = .review
        case .completed: self = .completed
        case .failed: self = .failed
        case .interrupted: self = .interrupted
        case .cancelled: self = .cancelled
        }
    }

    /// The statuses that this word stands for.
    public var statuses: [TaskStatus] { TaskStatus.allCases.filter { WorkspaceTaskStatus($0) == self } }
}

/// A task as the workspace surface shows it (seed 000): a presentation of the one `AgentTask`.
public struct WorkspaceTask: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var title: String
    public var description: String
    public var status: WorkspaceTaskStatus
    public var priority: Priority
    public var projectID: String?
    public var goalID: String?
    public var issueID: String?
    public var phase: String?
    public var agentID: String?
    public var chatID: String?
    public var dependsOn: [String]
    public var autoStart: Bool
    public var runID: String?
    public var branch: String?
    public var commit: String?
    public var summary: String?
    public var failure: Failure?
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var startedAt: Timestamp?
    public var completedAt: Timestamp?

    public init(_ task: AgentTask) {
        id = task.id
        workspaceID = task.workspaceID
        title = task.title
        description = task.description
        status = WorkspaceTaskStatus(task.status)
        priority = task.priority
        projectID = task.projectID
        goalID = task.goalID
        issueID = task.issueID
        phase = task.phase
        agentID = task.agentID
        chatID = task.chatID
        dependsOn = task.dependsOn
        autoStart = task.autoStart
        runID = task.runID
        branch = task.branch
        commit = task.commit
        summary = task.summary
        failure = task.failure
        createdBy = task.createdBy
        createdAt = task.createdAt
        updatedAt = task.updatedAt
        startedAt = task.startedAt
        completedAt = task.completedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", title, description, status, priority, projectID = "project_id"
        case goalID = "goal_id", issueID = "issue_id", phase, agentID = "agent_id", chatID = "chat_id"
        case dependsOn = "depends_on", autoStart = "auto_start", runID = "run_id", branch, commit, summary, failure
        case createdBy = "created_by", createdAt = "created_at", updatedAt = "updated_at", startedAt = "started_at"
        case completedAt = "completed_at"
    }
}

/// A page of the workspace surface's tasks.
public struct WorkspaceTaskPage: Codable, Sendable {
    public var tasks: [WorkspaceTask]
    public var nextCursor: String?

    public init(tasks: [WorkspaceTask], nextCursor: String?) {
        self.tasks = tasks
        self.nextCursor = nextCursor
    }

    enum CodingKeys: String, CodingKey {
        case tasks, nextCursor = "next_cursor"
    }

    /// `next_cursor` is there at the end too, as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(tasks, forKey: .tasks)
        try container.encode(nextCursor, forKey: .nextCursor)
    }
}

/// The body of `POST /api/tasks` and `POST /api/projects/{projectId}/tasks`.
public struct CreateWorkspaceTask: Codable, Sendable {
    public var title: String
    public var description: String?
    /// Only `pending`: a task begins there.
    public var status: WorkspaceTaskStatus?
    public var priority: Priority?
    public var projectID: String?
    public var goalID: String?
    public var issueID: String?
    public var phase: String?
    public var agentID: String?
    public var chatID: String?
    public var dependsOn: [String]?
    public var autoStart: Bool?

    enum CodingKeys: String, CodingKey {
        case title, description, status, priority, projectID = "project_id", goalID = "goal_id", issueID = "issue_id", phase
        case agentID = "agent_id", chatID = "chat_id", dependsOn = "depends_on", autoStart = "auto_start"
    }

    /// The same in the words of the scopes surface.
    /// - Throws: 400 for a status in which no task begins.
    public func scopes() throws(ServiceError) -> CreateTask {
        if let status, status != .pending { throw .invalid("status", "a new task is pending") }
        return CreateTask(
            title: title, description: description, projectID: projectID, goalID: goalID, issueID: issueID, phase: phase,
            agentID: agentID, dependsOn: dependsOn, chatID: chatID, priority: priority, autoStart: autoStart)
    }
}

/// The body of `PATCH /api/tasks/{id}`.
public struct UpdateWorkspaceTask: Codable, Sendable {
    public var title: Field<String>
    public var description: Field<String>
    public var status: Field<WorkspaceTaskStatus>
    public var priority: Field<Priority>
    public var projectID: Field<String>
    public var goalID: Field<String>
    public var issueID: Field<String>
    public var phase: Field<String>
    public var agentID: Field<String>
    public var chatID: Field<String>
    public var dependsOn: Field<[String]>
    public var autoStart: Field<Bool>

    enum CodingKeys: String, CodingKey {
        case title, description, status, priority, projectID = "project_id", goalID = "goal_id", issueID = "issue_id", phase
        case agentID = "agent_id", chatID = "chat_id", dependsOn = "depends_on", autoStart = "auto_start"
    }

    /// The same in the words of the scopes surface. `pending` leaves alone a task that is pending already.
    public func scopes(of current: TaskStatus) -> UpdateTask {
        var update = UpdateTask(
            title: title, description: description, projectID: projectID, goalID: goalID, issueID: issueID, phase: phase,
            agentID: agentID, dependsOn: dependsOn, chatID: chatID, priority: priority, autoStart: autoStart)
        switch status {
        case .absent: break
        case .null: update.status = .null
        case .value(let word):
            let isThere = WorkspaceTaskStatus(current) == word
            update.status = isThere ? .absent : .value(TaskStatus(rawValue: word.rawValue) ?? .ready)
        }
        return update
    }
}
