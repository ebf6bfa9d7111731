/// Where a run stands: `queued → starting → running → succeeded | failed | cancelled | timed_out | lost`.
public enum RunStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case queued, starting, running, succeeded, failed, cancelled, timedOut = "timed_out", lost

    /// The run has its one outcome.
    public var isFinal: Bool {
        switch self {
        case .queued, .starting, .running: false
        case .succeeded, .failed, .cancelled, .timedOut, .lost: true
        }
    }
}

/// What a run consumed.
public struct Usage: Codable, Sendable, Hashable {
    public var inputTokens: Int64
    public var outputTokens: Int64
    public var costUSD: Double

    public init(
        inputTokens: Int64 = 0, outputTokens: Int64 = 0, costUSD: Double = 0
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.costUSD = costUSD
    }

    enum CodingKeys: String, CodingKey {
        case inputTokens = "input_tokens", outputTokens = "output_tokens", costUSD = "cost_usd"
    }
}

/// One try of one agent at one task; `attempt` counts its re-dispatches after a loss.
public struct Run: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var taskID: String
    public var agentID: String
    public var projectID: String?
    public var goalID: String?
    public var status: RunStatus
    public var attempt: Int
    public var branch: String?
    public var commit: String?
    public var summary: String?
    public var usage: Usage
    public var exitCode: Int?
    public var failure: Failure?
    public var timeoutSeconds: Double
    public var requestedBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var startedAt: Timestamp?
    public var heartbeatAt: Timestamp?
    public var finishedAt: Timestamp?

    public init(
        id: String, workspaceID: String, taskID: String, agentID: String, projectID: String? = nil, goalID: String? = nil,
        status: RunStatus, attempt: Int = 1, branch: String? = nil, commit: String? = nil, summary: String? = nil,
        usage: Usage = Usage(), exitCode: Int? = nil, failure: Failure? = nil, timeoutSeconds: Double = 3600,
        requestedBy: Actor? = nil, createdAt: Timestamp, updatedAt: Timestamp, startedAt: Timestamp? = nil,
        heartbeatAt: Timestamp? = nil, finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.taskID = taskID
        self.agentID = agentID
        self.projectID = projectID
        self.goalID = goalID
        self.status = status
        self.attempt = attempt
        self.branch = branch
        self.commit = commit
        self.summary = summary
        self.usage = usage
        self.exitCode = exitCode
        self.failure = failure
        self.timeoutSeconds = timeoutSeconds
        self.requestedBy = requestedBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.startedAt = startedAt
        self.heartbeatAt = heartbeatAt
        self.finishedAt = finishedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", taskID = "task_id", agentID = "agent_id", projectID = "project_id"
        case goalID = "goal_id", status, attempt, branch, commit, summary, usage, exitCode = "exit_code", failure
        case timeoutSeconds = "timeout_seconds", requestedBy = "requested_by", createdAt = "created_at"
        case updatedAt = "updated_at", startedAt = "started_at", heartbeatAt = "heartbeat_at", finishedAt = "finished_at"
    }
}
