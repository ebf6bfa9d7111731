/// Why a run did not succeed: a closed list, each with its retry rule (`API.md`, *Agents and their runs*).
public enum FailureReason: String, Codable, Sendable, Hashable, CaseIterable {
    case agentError = "agent_error"
    case modelError = "model_error"
    case modelRateLimited = "model_rate_limited"
    case timeout
    case lostHeartbeat = "lost_heartbeat"
    case launchFailed = "launch_failed"
    case cancelled
    case overBudget = "over_budget"
    case outOfMemory = "out_of_memory"
    case permissionDenied = "permission_denied"
    case mergeConflict = "merge_conflict"
    case repositoryUnavailable = "repository_unavailable"
    case agentMissing = "agent_missing"

    /// The same run is tried again by itself, as its next attempt, while the agent's `retry` allows.
    public var isRetriedByItself: Bool {
        switch self {
        case .lostHeartbeat: true
        default: false
        }
    }

    /// Trying the task again, unchanged, may succeed.
    public var isRetryable: Bool {
        switch self {
        case .agentError, .modelError, .modelRateLimited, .timeout, .lostHeartbeat, .launchFailed, .cancelled, .outOfMemory,
            .repositoryUnavailable:
            true
        case .overBudget, .permissionDenied, .mergeConflict, .agentMissing: false
        }
    }
}

/// How a run failed.
public struct Failure: Codable, Sendable, Hashable {
    public var reason: FailureReason
    /// For people: `block 2 of 3 exited 4: make test`.
    public var message: String
    public var retryable: Bool

    public init(_ reason: FailureReason, _ message: String, retryable: Bool? = nil) {
        self.reason = reason
        self.message = message
        self.retryable = retryable ?? reason.isRetryable
    }
}
