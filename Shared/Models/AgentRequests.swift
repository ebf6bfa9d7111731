/// `POST /agents-api` (seed 002). Left-out members get their defaults.
public struct CreateAgent: Codable, Sendable {
    public var name: String
    public var slug: String?
    public var description: String?
    public var instructions: String?
    public var model: AgentModel
    public var runtime: AgentRuntime?
    public var skills: [String]?
    public var memoryPolicy: MemoryPolicyInput?
    public var tools: [AgentTool]?
    public var permissions: AgentPermissionsInput?
    public var secrets: [String]?
    public var enabled: Bool?
    public var review: ReviewPolicy?
    public var maxConcurrentRuns: Int?
    public var budget: AgentBudget?
    public var retry: RetryPolicyInput?

    enum CodingKeys: String, CodingKey {
        case name, slug, description, instructions, model, runtime, skills, memoryPolicy = "memory_policy", tools, permissions
        case secrets, enabled, review, maxConcurrentRuns = "max_concurrent_runs", budget, retry
    }
}

/// `PATCH /agents-api/{id}`: what is named is replaced; `null` puts back the default where there is one.
public struct UpdateAgent: Codable, Sendable {
    public var name: Field<String>
    public var slug: Field<String>
    public var description: Field<String>
    public var instructions: Field<String>
    public var model: Field<AgentModel>
    public var runtime: Field<AgentRuntime>
    public var skills: Field<[String]>
    public var memoryPolicy: Field<MemoryPolicyInput>
    public var tools: Field<[AgentTool]>
    public var permissions: Field<AgentPermissionsInput>
    public var secrets: Field<[String]>
    public var enabled: Field<Bool>
    public var review: Field<ReviewPolicy>
    public var maxConcurrentRuns: Field<Int>
    public var budget: Field<AgentBudget>
    public var retry: Field<RetryPolicyInput>

    enum CodingKeys: String, CodingKey {
        case name, slug, description, instructions, model, runtime, skills, memoryPolicy = "memory_policy", tools, permissions
        case secrets, enabled, review, maxConcurrentRuns = "max_concurrent_runs", budget, retry
    }
}

/// A memory policy as a request gives it; what is left out is empty or off.
public struct MemoryPolicyInput: Codable, Sendable {
    public var readScopes: [MemoryScope]?
    public var writeScopes: [MemoryScope]?
    public var autoSave: Bool?

    enum CodingKeys: String, CodingKey {
        case readScopes = "read_scopes", writeScopes = "write_scopes", autoSave = "auto_save"
    }

    public var policy: MemoryPolicy {
        MemoryPolicy(readScopes: readScopes ?? [], writeScopes: writeScopes ?? [], autoSave: autoSave ?? false)
    }
}

/// Permissions as a request gives them; what is left out is not permitted.
public struct AgentPermissionsInput: Codable, Sendable {
    public var canCommit: Bool?
    public var canOpenPR: Bool?
    public var canMerge: Bool?

    enum CodingKeys: String, CodingKey {
        case canCommit = "can_commit", canOpenPR = "can_open_pr", canMerge = "can_merge"
    }

    public var permissions: AgentPermissions {
        AgentPermissions(canCommit: canCommit ?? false, canOpenPR: canOpenPR ?? false, canMerge: canMerge ?? false)
    }
}

/// A retry policy as a request gives it.
public struct RetryPolicyInput: Codable, Sendable {
    public var maxAttempts: Int?

    enum CodingKeys: String, CodingKey {
        case maxAttempts = "max_attempts"
    }

    public var policy: RetryPolicy { RetryPolicy(maxAttempts: maxAttempts ?? RetryPolicy().maxAttempts) }
}

/// `POST /agents-api/{id}/clone`.
public struct CloneAgent: Codable, Sendable {
    /// `Copy of …` when left out.
    public var name: String?
    /// Made from the name when left out.
    public var slug: String?
}

/// `PUT` and `POST /agents-api/{id}/skills`: all of an agent's skills, or some more.
public struct AssignSkills: Codable, Sendable {
    /// `slug` or `slug@1.2.0`.
    public var skills: [String]
}

/// An agent's skills.
public struct AgentSkills: Codable, Sendable {
    public var skills: [String]

    public init(skills: [String]) { self.skills = skills }
}

/// What an agent has used, against its budget: `GET /agents-api/{id}/usage`.
public struct AgentUsage: Codable, Sendable {
    public var agentID: String
    public var runs: Int
    public var succeeded: Int
    public var failed: Int
    public var usage: Usage
    /// What was spent since midnight, UTC.
    public var today: Usage
    public var budget: AgentBudget
    /// What is left of `max_cost_usd_per_day`; absent when unlimited.
    public var remainingCostUSDToday: Double?

    public init(
        agentID: String, runs: Int, succeeded: Int, failed: Int, usage: Usage, today: Usage, budget: AgentBudget,
        remainingCostUSDToday: Double?
    ) {
        self.agentID = agentID
        self.runs = runs
        self.succeeded = succeeded
        self.failed = failed
        self.usage = usage
        self.today = today
        self.budget = budget
        self.remainingCostUSDToday = remainingCostUSDToday
    }

    enum CodingKeys: String, CodingKey {
        case agentID = "agent_id", runs, succeeded, failed, usage, today, budget, remainingCostUSDToday =
            "remaining_cost_usd_today"
    }
}
