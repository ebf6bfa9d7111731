/// `POST /runs-api`: one try of an agent at a task.
public struct CreateRun: Sendable, Codable {
    /// Id or slug; the task's own agent when absent.
    public var agentID: String?
    /// Id.
    public var taskID: String
    /// The agent's when absent.
    public var timeoutSeconds: Double?

    public init(agentID: String? = nil, taskID: String, timeoutSeconds: Double? = nil) {
        self.agentID = agentID
        self.taskID = taskID
        self.timeoutSeconds = timeoutSeconds
    }

    enum CodingKeys: String, CodingKey {
        case agentID = "agent_id", taskID = "task_id", timeoutSeconds = "timeout_seconds"
    }
}

/// `POST /runs-api/{id}/cancel`.
public struct CancelRun: Sendable, Codable {
    /// What the run's failure says.
    public var reason: String?

    public init(reason: String? = nil) { self.reason = reason }
}

/// `POST /internal/agent-tokens/resolve`: a token is looked up by its hash, and is itself sent nowhere.
public struct ResolveAgentToken: Sendable, Codable {
    /// SHA-256 of the token, in base64url.
    public var tokenHash: String

    public init(tokenHash: String) { self.tokenHash = tokenHash }

    enum CodingKeys: String, CodingKey { case tokenHash = "token_hash" }
}
