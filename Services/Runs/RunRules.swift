import Models

/// What the domain says of runs: pure functions.
enum RunRules {
    /// A run without a time limit of its own or of its agent.
    static let timeoutSecondsDefault: Double = 3600
    /// A week: longer is a mistake.
    static let timeoutSecondsMax: Double = 7 * 86_400
    static let summaryBytesMax = 4096
    static let failureMessageBytesMax = 8192

    /// A new run, or why there can be none.
    /// - Throws: 400 for a bad timeout or a missing agent, 409 when the task or the agent is in no state for it.
    static func create(
        id: String, for task: AgentTask, by agent: Agent, timeoutSeconds: Double?, requestedBy: Actor, at time: Timestamp
    ) throws -> Run {
        if let timeoutSeconds { try check(timeoutSeconds: timeoutSeconds) }
        guard agent.enabled else {
            throw ServiceError.conflict("the agent \(agent.slug) is disabled: enable it first", code: "agent_disabled")
        }
        switch task.status {
        case .ready, .queued, .running, .review, .failed, .interrupted: break
        case .draft: throw refused(task, "is a draft: approve its plan first")
        case .blocked: throw refused(task, "is blocked by unfinished dependencies")
        case .completed: throw refused(task, "is completed")
        case .cancelled: throw refused(task, "is cancelled")
        }
        return Run(
            id: id, workspaceID: task.workspaceID, taskID: task.id, agentID: agent.id, projectID: task.projectID,
            goalID: task.goalID,
            status: .queued, timeoutSeconds: timeout(requested: timeoutSeconds, agent: agent), requestedBy: requestedBy,
            createdAt: time, updatedAt: time)
    }

    private static func refused(_ task: AgentTask, _ problem: String) -> ServiceError {
        .conflict("the task \(task.id) \(problem)", code: "task_\(task.status.rawValue)")
    }

    /// The refusal of a second run for a task.
    static func active(task id: String) -> ServiceError {
        .conflict("the task \(id) has an active run: wait for its end or cancel it", code: "run_active")
    }

    /// - Throws: 400.
    static func check(timeoutSeconds: Double) throws {
        guard timeoutSeconds.isFinite, timeoutSeconds > 0, timeoutSeconds <= timeoutSecondsMax else {
            throw ServiceError.invalid("timeout_seconds", "must be more than 0 and at most \(Int(timeoutSecondsMax))")
        }
    }

    /// Seconds that one attempt may take.
    static func timeout(requested: Double?, agent: Agent?) -> Double {
        if let requested { return requested }
        guard let minutes = agent?.runtime.timeoutMinutes, minutes.isFinite, minutes > 0 else { return timeoutSecondsDefault }
        return min(minutes * 60, timeoutSecondsMax)
    }

    /// Whether a run that was lost `losses` times, this time included, is tried again.
    static func isRetried(losses: Int, by policy: RetryPolicy) -> Bool {
        FailureReason.lostHeartbeat.isRetriedByItself && losses < policy.maxAttempts
    }

    /// What a run has used: what its earlier attempts had, and the totals that this one reports. Reports that overtake each other
    /// do not lower it.
    static func usage(_ current: Usage, earlier: Usage, reported: Usage) -> Usage {
        Usage(
            inputTokens: max(current.inputTokens, earlier.inputTokens + reported.inputTokens),
            outputTokens: max(current.outputTokens, earlier.outputTokens + reported.outputTokens),
            costUSD: max(current.costUSD, earlier.costUSD + reported.costUSD))
    }

    /// - Throws: 400 for numbers that nothing can have used.
    static func check(_ usage: Usage) throws {
        let tokensMax: Int64 = 1_000_000_000_000
        guard (0...tokensMax).contains(usage.inputTokens) else {
            throw ServiceError.invalid("input_tokens", "must be 0 to \(tokensMax)")
        }
        guard (0...tokensMax).contains(usage.outputTokens) else {
            throw ServiceError.invalid("output_tokens", "must be 0 to \(tokensMax)")
        }
        guard usage.costUSD.isFinite, (0...1e9).contains(usage.costUSD) else {
            throw ServiceError.invalid("cost_usd", "must be 0 to 1000000000")
        }
    }

    /// Which limit of its agent's budget a run has gone over, in words; nil when none.
    /// - Parameter costToday: of all the agent's runs of the day, this one included.
    static func overBudget(_ usage: Usage, costToday: Double, _ budget: AgentBudget) -> String? {
        let tokens = usage.inputTokens + usage.outputTokens
        if let most = budget.maxTokensPerRun, tokens > most {
            return "the run used \(tokens) tokens; its agent's budget is \(most) per run (max_tokens_per_run)"
        }
        if let most = budget.maxCostUSDPerRun, usage.costUSD > most {
            return "the run cost \(usage.costUSD) USD; its agent's budget is \(most) per run (max_cost_usd_per_run)"
        }
        if let most = budget.maxCostUSDPerDay, costToday > most {
            return "the agent's runs of the day cost \(costToday) USD; its budget is \(most) (max_cost_usd_per_day)"
        }
        return nil
    }

    /// A day begins at midnight UTC.
    static func startOfDay(_ time: Timestamp) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds - time.milliseconds % 86_400_000)
    }

    /// - Throws: 400 for a report that does not make sense.
    static func check(_ report: RunResultReport) throws {
        guard report.summary.utf8.count <= summaryBytesMax else {
            throw ServiceError.invalid("summary", "must have at most \(summaryBytesMax) bytes")
        }
        guard report.output.utf8.count <= RunResultReport.outputBytesMax else {
            throw ServiceError.invalid("output", "must have at most \(RunResultReport.outputBytesMax) bytes: the last of them")
        }
        for (field, name) in [("branch", report.branch), ("commit", report.commit)] {
            if let name, name.isEmpty || name.utf8.count > 255 { throw ServiceError.invalid(field, "must have 1 to 255 bytes") }
        }
        if let failure = report.failure {
            guard report.status == .failed else { throw ServiceError.invalid("failure", "only a failed run has one") }
            guard failure.message.utf8.count <= failureMessageBytesMax else {
                throw ServiceError.invalid("failure.message", "must have at most \(failureMessageBytesMax) bytes")
            }
        }
    }
}
