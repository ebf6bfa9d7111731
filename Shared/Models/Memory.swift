/// Something that agents and people remember, for all, for a project, or for one agent.
public struct Memory: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var content: String
    public var scope: MemoryScope
    /// Of the scope `project`.
    public var projectID: String?
    /// Of the scope `agent_private`.
    public var agentID: String?
    /// The caller's own word for what it is: `note`, `decision`, `fact` …
    public var kind: String
    public var tags: [String]
    /// 0–1; the more important come first.
    public var importance: Double
    /// From then on it is not found.
    public var expiresAt: Timestamp?
    /// The run that wrote it.
    public var runID: String?
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, content: String, scope: MemoryScope, projectID: String? = nil, agentID: String? = nil,
        kind: String = "note", tags: [String] = [], importance: Double = 0.5, expiresAt: Timestamp? = nil, runID: String? = nil,
        createdBy: Actor? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.content = content
        self.scope = scope
        self.projectID = projectID
        self.agentID = agentID
        self.kind = kind
        self.tags = tags
        self.importance = importance
        self.expiresAt = expiresAt
        self.runID = runID
        self.createdBy = createdBy
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", content, scope, projectID = "project_id", agentID = "agent_id", kind, tags
        case importance, expiresAt = "expires_at", runID = "run_id", createdBy = "created_by", createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// What became of a memory that an agent may not save by itself.
public enum MemoryApprovalStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case pending, approved, rejected
}

/// A memory that waits for a human: it is nowhere else until it is approved.
public struct MemoryApproval: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var status: MemoryApprovalStatus
    /// As it is saved when it is approved, under this id.
    public var memory: Memory
    public var requestedBy: Actor?
    public var decidedBy: Actor?
    public var decidedAt: Timestamp?
    /// Why it was rejected, or a comment on the approval.
    public var reason: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: String, memory: Memory, requestedBy: Actor?, at time: Timestamp) {
        self.id = id
        workspaceID = memory.workspaceID
        status = .pending
        self.memory = memory
        self.requestedBy = requestedBy
        createdAt = time
        updatedAt = time
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", status, memory, requestedBy = "requested_by", decidedBy = "decided_by"
        case decidedAt = "decided_at", reason, createdAt = "created_at", updatedAt = "updated_at"
    }
}
