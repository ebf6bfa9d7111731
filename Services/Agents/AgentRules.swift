import Models

/// What the domain asks of an agent. Pure functions.
enum AgentRules {
    static let skillsMax = 100
    static let commandWordsMax = 100
    static let timeoutMinutesMax = 7.0 * 24 * 60

    /// A new agent.
    /// - Throws: 400 naming the field.
    static func make(from input: CreateAgent, workspace: String, by actor: Actor, at time: Timestamp) throws -> Agent {
        try Check.name(input.name)
        let slug = try Check.slug(input.slug, from: input.name)
        let agent = Agent(
            id: Identifier.agent(slug: slug), workspaceID: workspace, name: input.name, slug: slug,
            description: input.description ?? "", instructions: input.instructions ?? "", model: input.model,
            runtime: input.runtime ?? AgentRuntime(), skills: input.skills ?? [],
            memoryPolicy: input.memoryPolicy?.policy ?? MemoryPolicy(), tools: input.tools ?? [],
            permissions: input.permissions?.permissions ?? AgentPermissions(), secrets: input.secrets ?? [],
            enabled: input.enabled ?? true, review: input.review ?? .none, maxConcurrentRuns: input.maxConcurrentRuns ?? 1,
            budget: input.budget ?? AgentBudget(), retry: input.retry?.policy ?? RetryPolicy(), createdBy: actor, createdAt: time,
            updatedAt: time)
        try validate(agent)
        return agent
    }

    /// The agent with what a PATCH names replaced.
    /// - Throws: 400 naming the field; the slug, of which the id is made, cannot change.
    static func update(_ agent: Agent, with change: UpdateAgent, at time: Timestamp) throws -> Agent {
        var agent = agent
        agent.name = try change.name.applied(to: agent.name, field: "name")
        guard try change.slug.applied(to: agent.slug, field: "slug") == agent.slug else {
            throw ServiceError.invalid("slug", "cannot change, since the id is made from it; clone the agent")
        }
        agent.description = change.description.applied(to: agent.description) ?? ""
        agent.instructions = change.instructions.applied(to: agent.instructions) ?? ""
        agent.model = try change.model.applied(to: agent.model, field: "model")
        agent.runtime = change.runtime.applied(to: agent.runtime) ?? AgentRuntime()
        agent.skills = change.skills.applied(to: agent.skills) ?? []
        if case .value(let policy) = change.memoryPolicy { agent.memoryPolicy = policy.policy }
        if case .null = change.memoryPolicy { agent.memoryPolicy = MemoryPolicy() }
        agent.tools = change.tools.applied(to: agent.tools) ?? []
        if case .value(let permissions) = change.permissions { agent.permissions = permissions.permissions }
        if case .null = change.permissions { agent.permissions = AgentPermissions() }
        agent.secrets = change.secrets.applied(to: agent.secrets) ?? []
        agent.enabled = try change.enabled.applied(to: agent.enabled, field: "enabled")
        agent.review = change.review.applied(to: agent.review) ?? .none
        agent.maxConcurrentRuns = change.maxConcurrentRuns.applied(to: agent.maxConcurrentRuns) ?? 1
        agent.budget = change.budget.applied(to: agent.budget) ?? AgentBudget()
        if case .value(let retry) = change.retry { agent.retry = retry.policy }
        if case .null = change.retry { agent.retry = RetryPolicy() }
        return try changed(agent, at: time)
    }

    /// The agent replaced by a PUT: what it does not name goes back to its default.
    static func replace(_ agent: Agent, with input: CreateAgent, at time: Timestamp) throws -> Agent {
        var input = input
        input.slug = input.slug ?? agent.slug
        var replaced = try make(from: input, workspace: agent.workspaceID, by: agent.createdBy ?? .suite, at: agent.createdAt)
        guard replaced.slug == agent.slug else {
            throw ServiceError.invalid("slug", "cannot change, since the id is made from it; clone the agent")
        }
        replaced.createdBy = agent.createdBy
        replaced.version = agent.version
        return try changed(replaced, at: time)
    }

    /// A copy under a new name.
    static func clone(_ agent: Agent, as input: CloneAgent, by actor: Actor, at time: Timestamp) throws -> Agent {
        var copy = agent
        copy.name = try Check.name(input.name ?? String("Copy of \(agent.name)".prefix(Check.nameLengthMax)))
        copy.slug = try Check.slug(input.slug, from: copy.name)
        copy.id = Identifier.agent(slug: copy.slug)
        copy.version = 1
        copy.createdBy = actor
        copy.createdAt = time
        copy.updatedAt = time
        return copy
    }

    /// The agent with other skills.
    static func assign(_ skills: [String], to agent: Agent, at time: Timestamp) throws -> Agent {
        var agent = agent
        agent.skills = skills
        return try changed(agent, at: time)
    }

    /// The agent switched on or off.
    static func enable(_ agent: Agent, _ isEnabled: Bool, at time: Timestamp) throws -> Agent {
        var agent = agent
        agent.enabled = isEnabled
        return try changed(agent, at: time)
    }

    private static func changed(_ agent: Agent, at time: Timestamp) throws -> Agent {
        var agent = agent
        try validate(agent)
        agent.version += 1
        agent.updatedAt = time
        return agent
    }

    static func validate(_ agent: Agent) throws {
        try Check.name(agent.name)
        try Check.text(agent.description, "description")
        try Check.text(agent.instructions, "instructions")
        try validate(agent.model)
        try validate(agent.runtime)
        try Check.list(agent.skills.map(skillSlug), "skills", max: skillsMax)
        for (index, skill) in agent.skills.enumerated() { try validate(skill: skill, "skills[\(index)]") }
        try Check.list(agent.memoryPolicy.readScopes, "memory_policy.read_scopes", max: MemoryScope.allCases.count)
        try Check.list(agent.memoryPolicy.writeScopes, "memory_policy.write_scopes", max: MemoryScope.allCases.count)
        try Check.list(agent.tools, "tools", max: AgentTool.allCases.count)
        try Check.list(agent.secrets, "secrets", max: 100)
        for (index, secret) in agent.secrets.enumerated() { try Check.name(secret, "secrets[\(index)]") }
        try Check.range(agent.maxConcurrentRuns, "max_concurrent_runs", 1...1000)
        try Check.range(agent.retry.maxAttempts, "retry.max_attempts", 1...10)
        if let tokens = agent.budget.maxTokensPerRun { try Check.range(tokens, "budget.max_tokens_per_run", 1...Int64.max) }
        if let cost = agent.budget.maxCostUSDPerRun { try Check.range(cost, "budget.max_cost_usd_per_run", 0...1e9) }
        if let cost = agent.budget.maxCostUSDPerDay { try Check.range(cost, "budget.max_cost_usd_per_day", 0...1e9) }
    }

    private static func validate(_ model: AgentModel) throws {
        if let name = model.model { try Check.name(name, "model.model") }
        if let temperature = model.temperature { try Check.range(temperature, "model.temperature", 0...2) }
        if let url = model.baseURL {
            guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.count <= 2048 else {
                throw ServiceError.invalid("model.base_url", "must be an http or https address")
            }
        }
        guard model.provider == .command else { return }
        guard let command = model.command, let program = command.first, !program.isEmpty else {
            throw ServiceError.invalid("model.command", "required for the provider command: a program and its arguments")
        }
        guard command.count <= commandWordsMax else {
            throw ServiceError.invalid("model.command", "must have at most \(commandWordsMax) words")
        }
        for (index, word) in command.enumerated() { try Check.text(word, "model.command[\(index)]", bytesMax: 32 * 1024) }
    }

    private static func validate(_ runtime: AgentRuntime) throws {
        if let image = runtime.image { try Check.name(image, "runtime.image", lengthMax: 512) }
        if let cpu = runtime.cpu, !isQuantity(cpu) {
            throw ServiceError.invalid("runtime.cpu", "must be a quantity such as 2 or 500m")
        }
        if let memory = runtime.memory, !isQuantity(memory) {
            throw ServiceError.invalid("runtime.memory", "must be a quantity such as 4Gi")
        }
        if let minutes = runtime.timeoutMinutes {
            guard minutes > 0, minutes <= timeoutMinutesMax else {
                throw ServiceError.invalid("runtime.timeout_minutes", "must be more than 0 and at most \(Int(timeoutMinutesMax))")
            }
        }
    }

    /// A Kubernetes quantity: digits, perhaps a fraction, and a suffix.
    static func isQuantity(_ text: String) -> Bool {
        let suffixes = ["", "m", "k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti"]
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number), value > 0 else { return false }
        return suffixes.contains(String(text.dropFirst(number.count)))
    }

    /// `slug` of `slug@1.2.0`.
    static func skillSlug(_ reference: String) -> String { String(reference.prefix { $0 != "@" }) }

    private static func validate(skill: String, _ field: String) throws {
        guard Slug.isValid(skillSlug(skill)) else { throw ServiceError.invalid(field, "must be a skill's slug, or slug@version") }
        guard let at = skill.firstIndex(of: "@") else { return }
        try Check.name(String(skill[skill.index(after: at)...]), field, lengthMax: 64)
    }
}
