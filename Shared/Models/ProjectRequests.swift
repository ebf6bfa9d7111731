/// The body of `POST /api/projects`. Every member has a default.
public struct CreateProject: Codable, Sendable {
    public var name: String?
    public var slug: String?
    public var description: String?
    public var repoURL: String?
    public var agentIDs: [String]?
    public var strategy: Strategy?
    public var autoApprovePlan: Bool?
    public var autoApprovePhases: Bool?
    public var decisionMode: DecisionMode?
    public var path: String?
    public var agentID: String?
    public var smeArchetype: String?
    public var review: ReviewPolicy?

    public init(
        name: String? = nil, slug: String? = nil, description: String? = nil, repoURL: String? = nil, agentIDs: [String]? = nil,
        strategy: Strategy? = nil, autoApprovePlan: Bool? = nil, autoApprovePhases: Bool? = nil,
        decisionMode: DecisionMode? = nil,
        path: String? = nil, agentID: String? = nil, smeArchetype: String? = nil, review: ReviewPolicy? = nil
    ) {
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
    }

    enum CodingKeys: String, CodingKey {
        case name, slug, description, repoURL = "repo_url", agentIDs = "agent_ids", strategy
        case autoApprovePlan = "auto_approve_plan", autoApprovePhases = "auto_approve_phases", decisionMode = "decision_mode"
        case path, agentID = "agent_id", smeArchetype = "sme_archetype", review
    }
}

/// The body of `PATCH` and of `PUT /api/projects/{id}`: what it names changes.
public struct UpdateProject: Codable, Sendable {
    public var name: Field<String>
    public var slug: Field<String>
    public var description: Field<String>
    public var repoURL: Field<String>
    public var agentIDs: Field<[String]>
    public var strategy: Field<Strategy>
    public var autoApprovePlan: Field<Bool>
    public var autoApprovePhases: Field<Bool>
    public var decisionMode: Field<DecisionMode>
    public var path: Field<String>
    public var agentID: Field<String>
    public var smeArchetype: Field<String>
    public var review: Field<ReviewPolicy>

    enum CodingKeys: String, CodingKey {
        case name, slug, description, repoURL = "repo_url", agentIDs = "agent_ids", strategy
        case autoApprovePlan = "auto_approve_plan", autoApprovePhases = "auto_approve_phases", decisionMode = "decision_mode"
        case path, agentID = "agent_id", smeArchetype = "sme_archetype", review
    }
}

/// How many projects of a workspace stand where (seed 004).
public struct ProjectStatusCounts: Codable, Sendable, Hashable {
    public var pending: Int
    public var running: Int
    public var completed: Int
    public var failed: Int
    public var cancelled: Int

    public init(pending: Int = 0, running: Int = 0, completed: Int = 0, failed: Int = 0, cancelled: Int = 0) {
        self.pending = pending
        self.running = running
        self.completed = completed
        self.failed = failed
        self.cancelled = cancelled
    }
}

/// The order of a list of projects.
public enum ProjectOrder: String, Codable, Sendable, CaseIterable {
    case newest, oldest, updated, name
}

/// What `GET /api/projects` answers (seed 004).
public struct ProjectPage: Codable, Sendable {
    public var projects: [Project]
    /// How many meet the filters, over all pages.
    public var total: Int
    public var limit: Int
    public var offset: Int
    public var statusCounts: ProjectStatusCounts
    public var nextCursor: String?

    public init(
        projects: [Project], total: Int, limit: Int, offset: Int, statusCounts: ProjectStatusCounts, nextCursor: String?
    ) {
        self.projects = projects
        self.total = total
        self.limit = limit
        self.offset = offset
        self.statusCounts = statusCounts
        self.nextCursor = nextCursor
    }

    enum CodingKeys: String, CodingKey {
        case projects, total, limit, offset, statusCounts = "status_counts", nextCursor = "next_cursor"
    }

    /// `next_cursor` is there at the end too, as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(projects, forKey: .projects)
        try container.encode(total, forKey: .total)
        try container.encode(limit, forKey: .limit)
        try container.encode(offset, forKey: .offset)
        try container.encode(statusCounts, forKey: .statusCounts)
        try container.encode(nextCursor, forKey: .nextCursor)
    }
}
