/// What an agent is (`API.md`, *Agents and their runs*).
public enum ModelProvider: String, Codable, Sendable, Hashable, CaseIterable {
    case openai, anthropic, command, runbook
}

/// The model, program or runbook that an agent runs on.
public struct AgentModel: Codable, Sendable, Hashable {
    public var provider: ModelProvider
    /// The model's name, for `openai` and `anthropic`.
    public var model: String?
    /// 0–2.
    public var temperature: Double?
    /// An OpenAI-compatible or Messages endpoint.
    public var baseURL: String?
    /// The name of the secret that holds the endpoint's key.
    public var apiKeyRef: String?
    /// Program and arguments, for `command`.
    public var command: [String]?

    public init(
        provider: ModelProvider, model: String? = nil, temperature: Double? = nil, baseURL: String? = nil,
        apiKeyRef: String? = nil, command: [String]? = nil
    ) {
        self.provider = provider
        self.model = model
        self.temperature = temperature
        self.baseURL = baseURL
        self.apiKeyRef = apiKeyRef
        self.command = command
    }

    enum CodingKeys: String, CodingKey {
        case provider, model, temperature, baseURL = "base_url", apiKeyRef = "api_key_ref", command
    }
}

/// Where and how long an agent's run may run.
public struct AgentRuntime: Codable, Sendable, Hashable {
    public var image: String?
    /// Kubernetes quantity: `2`, `500m`.
    public var cpu: String?
    /// Kubernetes quantity: `4Gi`.
    public var memory: String?
    /// Minutes after which a run is `timed_out`; 60 when absent.
    public var timeoutMinutes: Double?

    public init(
        image: String? = nil, cpu: String? = nil, memory: String? = nil, timeoutMinutes: Double? = nil
    ) {
        self.image = image
        self.cpu = cpu
        self.memory = memory
        self.timeoutMinutes = timeoutMinutes
    }

    enum CodingKeys: String, CodingKey {
        case image, cpu, memory, timeoutMinutes = "timeout_minutes"
    }
}

/// Who may see a memory.
public enum MemoryScope: String, Codable, Sendable, Hashable, CaseIterable {
    case global, project, agentPrivate = "agent_private"
}

/// Which memories an agent reads and writes.
public struct MemoryPolicy: Codable, Sendable, Hashable {
    public var readScopes: [MemoryScope]
    public var writeScopes: [MemoryScope]
    public var autoSave: Bool

    public init(
        readScopes: [MemoryScope] = [], writeScopes: [MemoryScope] = [], autoSave: Bool = false
    ) {
        self.readScopes = readScopes
        self.writeScopes = writeScopes
        self.autoSave = autoSave
    }

    enum CodingKeys: String, CodingKey {
        case readScopes = "read_scopes", writeScopes = "write_scopes", autoSave = "auto_save"
    }
}

/// The tools that an agent may be given.
public enum AgentTool: String, Codable, Sendable, Hashable, CaseIterable {
    case git, shell, cargo, npm, python, make, http, files, browser, search, memory, issues, approvals, docker, kubectl
}

/// What an agent may do with what it made.
public struct AgentPermissions: Codable, Sendable, Hashable {
    public var canCommit: Bool
    public var canOpenPR: Bool
    public var canMerge: Bool

    public init(
        canCommit: Bool = false, canOpenPR: Bool = false, canMerge: Bool = false
    ) {
        self.canCommit = canCommit
        self.canOpenPR = canOpenPR
        self.canMerge = canMerge
    }

    enum CodingKeys: String, CodingKey {
        case canCommit = "can_commit", canOpenPR = "can_open_pr", canMerge = "can_merge"
    }
}

/// Whether a human accepts an agent's result before its task is completed.
public enum ReviewPolicy: String, Codable, Sendable, Hashable, CaseIterable {
    case none, human
}

/// What an agent may spend; absent members are unlimited.
public struct AgentBudget: Codable, Sendable, Hashable {
    public var maxTokensPerRun: Int64?
    public var maxCostUSDPerRun: Double?
    public var maxCostUSDPerDay: Double?

    public init(
        maxTokensPerRun: Int64? = nil, maxCostUSDPerRun: Double? = nil, maxCostUSDPerDay: Double? = nil
    ) {
        self.maxTokensPerRun = maxTokensPerRun
        self.maxCostUSDPerRun = maxCostUSDPerRun
        self.maxCostUSDPerDay = maxCostUSDPerDay
    }

    enum CodingKeys: String, CodingKey {
        case maxTokensPerRun = "max_tokens_per_run", maxCostUSDPerRun = "max_cost_usd_per_run"
        case maxCostUSDPerDay = "max_cost_usd_per_day"
    }
}

/// How often a lost run is tried again.
public struct RetryPolicy: Codable, Sendable, Hashable {
    /// Attempts in all, 1–10.
    public var maxAttempts: Int

    public init(
        maxAttempts: Int = 2
    ) {
        self.maxAttempts = maxAttempts
    }

    enum CodingKeys: String, CodingKey {
        case maxAttempts = "max_attempts"
    }
}

/// An agent: a named configuration of a model, its tools, skills, memory policy and permissions (seed 002).
public struct Agent: Codable, Sendable, Hashable {
    /// `agent_` and the slug with underscores; unique in the workspace.
    public var id: String
    public var workspaceID: String
    public var name: String
    public var slug: String
    public var description: String
    /// The system prompt; for a `runbook` agent, the blocks to run when the task has none.
    public var instructions: String
    public var model: AgentModel
    public var runtime: AgentRuntime
    /// Slugs, or `slug@version`.
    public var skills: [String]
    public var memoryPolicy: MemoryPolicy
    public var tools: [AgentTool]
    public var permissions: AgentPermissions
    /// Names of the secrets that its runs are given.
    public var secrets: [String]
    public var enabled: Bool
    public var review: ReviewPolicy
    public var maxConcurrentRuns: Int
    public var budget: AgentBudget
    public var retry: RetryPolicy
    /// Counts the changes; each is kept.
    public var version: Int
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, name: String, slug: String, description: String = "", instructions: String = "",
        model: AgentModel, runtime: AgentRuntime = AgentRuntime(), skills: [String] = [],
        memoryPolicy: MemoryPolicy = MemoryPolicy(), tools: [AgentTool] = [],
        permissions: AgentPermissions = AgentPermissions(), secrets: [String] = [], enabled: Bool = true,
        review: ReviewPolicy = .none, maxConcurrentRuns: Int = 1, budget: AgentBudget = AgentBudget(),
        retry: RetryPolicy = RetryPolicy(), version: Int = 1, createdBy: Actor? = nil, createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.name = name
        self.slug = slug
        self.description = description
        self.instructions = instructions
        self.model = model
        self.runtime = runtime
        self.skills = skills
        self.memoryPolicy = memoryPolicy
        self.tools = tools
        self.permissions = permissions
        self.secrets = secrets
        self.enabled = enabled
        self.review = review
        self.maxConcurrentRuns = maxConcurrentRuns
        self.budget = budget
        self.retry = retry
        self.version = version
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", name, slug, description, instructions, model, runtime, skills
        case memoryPolicy = "memory_policy", tools, permissions, secrets, enabled, review
        case maxConcurrentRuns = "max_concurrent_runs", budget, retry, version, createdBy = "created_by"
        case createdAt = "created_at", updatedAt = "updated_at"
    }
}
