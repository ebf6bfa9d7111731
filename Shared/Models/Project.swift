/// Where a project's plan stands (seed 004).
public enum ProjectStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case pending, running, completed, failed, cancelled
}

/// How a plan is executed (seed 004).
public enum Strategy: String, Codable, Sendable, Hashable, CaseIterable {
    case performance, balanced, sequential, cost
}

/// Who decides between phases (seed 004).
public enum DecisionMode: String, Codable, Sendable, Hashable, CaseIterable {
    case agent, human
}

/// What groups agents, tasks and issues under a shared context (seeds 000 and 004).
public struct Project: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var name: String
    public var slug: String
    public var description: String
    /// A git repository: a path or a URL.
    public var repoURL: String?
    public var agentIDs: [String]
    public var strategy: Strategy
    public var autoApprovePlan: Bool
    public var autoApprovePhases: Bool
    public var decisionMode: DecisionMode
    public var path: String?
    public var agentID: String?
    public var smeArchetype: String?
    public var review: ReviewPolicy?
    public var status: ProjectStatus
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, name: String = "Untitled", slug: String, description: String = "",
        repoURL: String? = nil, agentIDs: [String] = [], strategy: Strategy = .performance, autoApprovePlan: Bool = false,
        autoApprovePhases: Bool = true, decisionMode: DecisionMode = .agent, path: String? = nil, agentID: String? = nil,
        smeArchetype: String? = nil, review: ReviewPolicy? = nil, status: ProjectStatus = .pending, createdBy: Actor? = nil,
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.name = name
        self.slug = slug
        self.description = description
        self.repoURL = repoURL
        self.agentIDs = agentIDs
        self.strategy = strategy
        self.autoApprovePlan = autoApprovePlan
        self.autoApprovePhases = autoApprovePhases
        self.decisionMode = decisionMode
        self.path = path
        self.agentID = agentID
        self.smeArchetype = smeArchetype
        self.review = review
        self.status = status
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", name, slug, description, repoURL = "repo_url", agentIDs = "agent_ids"
        case strategy, autoApprovePlan = "auto_approve_plan", autoApprovePhases = "auto_approve_phases"
        case decisionMode = "decision_mode", path, agentID = "agent_id", smeArchetype = "sme_archetype", review, status
        case createdBy = "created_by", createdAt = "created_at", updatedAt = "updated_at"
    }
}
