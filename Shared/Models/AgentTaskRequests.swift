/// The body of `POST /tasks-api`.
public struct CreateTask: Codable, Sendable {
    public var title: String
    public var description: String?
    /// `ready` unless it says `draft`; a ready task with unfinished dependencies is `blocked`.
    public var status: TaskStatus?
    /// Wherever an id is taken, the slug is taken too.
    public var projectID: String?
    public var goalID: String?
    public var issueID: String?
    public var phase: String?
    public var position: Int?
    public var agentID: String?
    public var dependsOn: [String]?
    public var chatID: String?
    public var priority: Priority?
    public var autoStart: Bool?
    public var review: ReviewPolicy?

    public init(
        title: String, description: String? = nil, status: TaskStatus? = nil, projectID: String? = nil, goalID: String? = nil,
        issueID: String? = nil, phase: String? = nil, position: Int? = nil, agentID: String? = nil, dependsOn: [String]? = nil,
        chatID: String? = nil, priority: Priority? = nil, autoStart: Bool? = nil, review: ReviewPolicy? = nil
    ) {
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
        self.review = review
    }

    enum CodingKeys: String, CodingKey {
        case title, description, status, projectID = "project_id", goalID = "goal_id", issueID = "issue_id", phase, position
        case agentID = "agent_id", dependsOn = "depends_on", chatID = "chat_id", priority, autoStart = "auto_start", review
    }
}

/// The body of `PATCH /tasks-api/{id}`: what it names changes, `null` clears.
public struct UpdateTask: Codable, Sendable {
    public var title: Field<String>
    public var description: Field<String>
    public var status: Field<TaskStatus>
    public var projectID: Field<String>
    public var goalID: Field<String>
    public var issueID: Field<String>
    public var phase: Field<String>
    public var position: Field<Int>
    public var agentID: Field<String>
    public var dependsOn: Field<[String]>
    public var chatID: Field<String>
    public var priority: Field<Priority>
    public var autoStart: Field<Bool>
    public var review: Field<ReviewPolicy>

    public init(
        title: Field<String> = .absent, description: Field<String> = .absent, status: Field<TaskStatus> = .absent,
        projectID: Field<String> = .absent, goalID: Field<String> = .absent, issueID: Field<String> = .absent,
        phase: Field<String> = .absent, position: Field<Int> = .absent, agentID: Field<String> = .absent,
        dependsOn: Field<[String]> = .absent, chatID: Field<String> = .absent, priority: Field<Priority> = .absent,
        autoStart: Field<Bool> = .absent, review: Field<ReviewPolicy> = .absent
    ) {
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
        self.review = review
    }

    enum CodingKeys: String, CodingKey {
        case title, description, status, projectID = "project_id", goalID = "goal_id", issueID = "issue_id", phase, position
        case agentID = "agent_id", dependsOn = "depends_on", chatID = "chat_id", priority, autoStart = "auto_start", review
    }
}

/// The body of `PUT /tasks-api/{id}/dependencies`.
public struct SetDependencies: Codable, Sendable {
    /// Ids of the tasks that must be completed first.
    public var dependsOn: [String]

    public init(dependsOn: [String]) { self.dependsOn = dependsOn }

    enum CodingKeys: String, CodingKey { case dependsOn = "depends_on" }
}

/// What `GET /tasks-api/{id}/dependencies` answers: both directions.
public struct TaskDependencies: Codable, Sendable, Hashable {
    /// Ids of the tasks that must be completed first.
    public var dependsOn: [String]
    /// Those of them that are not completed yet.
    public var waitingFor: [String]
    /// Ids of the tasks that wait for this one.
    public var dependents: [String]

    public init(dependsOn: [String], waitingFor: [String], dependents: [String]) {
        self.dependsOn = dependsOn
        self.waitingFor = waitingFor
        self.dependents = dependents
    }

    enum CodingKeys: String, CodingKey {
        case dependsOn = "depends_on", waitingFor = "waiting_for", dependents
    }
}
