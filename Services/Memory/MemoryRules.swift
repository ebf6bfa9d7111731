import Models

/// What the domain asks of a memory. Pure functions.
enum MemoryRules {
    static let kindLengthMax = 64
    static let kindDefault = "note"
    static let importanceDefault = 0.5

    /// A new memory. Project and agent are ids already.
    /// - Throws: 400 naming the field.
    static func make(
        from input: CreateMemory, workspace: String, run: String?, by actor: Actor, at time: Timestamp
    ) throws -> Models.Memory {
        let memory = Models.Memory(
            id: Identifier.make("mem", at: time), workspaceID: workspace, content: input.content, scope: scope(of: input),
            projectID: input.projectID, agentID: input.agentID, kind: input.kind ?? kindDefault, tags: input.tags ?? [],
            importance: input.importance ?? importanceDefault, expiresAt: input.expiresAt, runID: run, createdBy: actor,
            createdAt: time)
        try validate(memory)
        try check(expiry: memory.expiresAt, at: time)
        return memory
    }

    /// The scope that is said, or that follows from what the memory is of.
    static func scope(of input: CreateMemory) -> MemoryScope {
        if let scope = input.scope { return scope }
        if input.projectID != nil { return .project }
        return input.agentID != nil ? .agentPrivate : .global
    }

    /// The memory with what a PATCH names replaced. Another scope leaves behind what the old one was of, unless that is named
    /// too.
    static func update(_ memory: Models.Memory, with change: UpdateMemory, at time: Timestamp) throws -> Models.Memory {
        var memory = memory
        memory.content = try change.content.applied(to: memory.content, field: "content")
        let scope = try change.scope.applied(to: memory.scope, field: "scope")
        if scope != memory.scope {
            if scope == .global { memory.projectID = nil }
            if scope != .agentPrivate { memory.agentID = nil }
            memory.scope = scope
        }
        memory.projectID = change.projectID.applied(to: memory.projectID)
        memory.agentID = change.agentID.applied(to: memory.agentID)
        memory.kind = change.kind.applied(to: memory.kind) ?? kindDefault
        memory.tags = change.tags.applied(to: memory.tags) ?? []
        memory.importance = change.importance.applied(to: memory.importance) ?? importanceDefault
        memory.expiresAt = change.expiresAt.applied(to: memory.expiresAt)
        try validate(memory)
        if case .value(let expiry) = change.expiresAt { try check(expiry: expiry, at: time) }
        memory.updatedAt = time
        return memory
    }

    private static func check(expiry: Timestamp?, at time: Timestamp) throws {
        if let expiry, expiry <= time { throw ServiceError.invalid("expires_at", "must be in the future") }
    }

    private static func validate(_ memory: Models.Memory) throws {
        try Check.text(memory.content, "content")
        guard memory.content.contains(where: { !$0.isWhitespace }) else {
            throw ServiceError.invalid("content", "must not be blank")
        }
        try Check.name(memory.kind, "kind", lengthMax: kindLengthMax)
        try Check.tags(memory.tags)
        try Check.range(memory.importance, "importance", 0...1)
        switch memory.scope {
        case .global:
            guard memory.projectID == nil else { throw ServiceError.invalid("project_id", "only for the scope project") }
            guard memory.agentID == nil else { throw ServiceError.invalid("agent_id", "only for the scope agent_private") }
        case .project:
            guard memory.projectID != nil else { throw ServiceError.invalid("project_id", "required for the scope project") }
        case .agentPrivate:
            guard memory.agentID != nil else { throw ServiceError.invalid("agent_id", "required for the scope agent_private") }
        }
    }
}
