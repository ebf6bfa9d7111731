/// `POST /memory-api`.
public struct CreateMemory: Codable, Sendable {
    public var content: String
    /// `project` when a project is named, `agent_private` when only an agent is, else `global`.
    public var scope: MemoryScope?
    /// An id or a slug; an agent's token need not say its own.
    public var projectID: String?
    /// An id or a slug; an agent's token need not say its own.
    public var agentID: String?
    public var kind: String?
    public var tags: [String]?
    /// 0–1; 0.5 when left out.
    public var importance: Double?
    public var expiresAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case content, scope, projectID = "project_id", agentID = "agent_id", kind, tags, importance, expiresAt = "expires_at"
    }
}

/// `PATCH /memory-api/{id}`: what is named is replaced; `null` puts back the default.
public struct UpdateMemory: Codable, Sendable {
    public var content: Field<String>
    public var scope: Field<MemoryScope>
    public var projectID: Field<String>
    public var agentID: Field<String>
    public var kind: Field<String>
    public var tags: Field<[String]>
    public var importance: Field<Double>
    public var expiresAt: Field<Timestamp>

    enum CodingKeys: String, CodingKey {
        case content, scope, projectID = "project_id", agentID = "agent_id", kind, tags, importance, expiresAt = "expires_at"
    }
}

/// Where a search looks for its words.
public enum MemorySearchMode: String, Codable, Sendable, Hashable, CaseIterable {
    case text, tags, all
}

/// `POST /memory-api/search`; `GET` takes the same as query parameters.
public struct SearchMemory: Codable, Sendable {
    /// May be left out when tags are named.
    public var q: String?
    /// `all` when left out.
    public var mode: MemorySearchMode?
    public var scope: MemoryScope?
    /// Only memories that have all of these.
    public var tags: [String]?
    /// 1–200; 20 when left out.
    public var limit: Int?
    public var projectID: String?
    public var agentID: String?

    public init(
        q: String? = nil, mode: MemorySearchMode? = nil, scope: MemoryScope? = nil, tags: [String]? = nil, limit: Int? = nil,
        projectID: String? = nil, agentID: String? = nil
    ) {
        self.q = q
        self.mode = mode
        self.scope = scope
        self.tags = tags
        self.limit = limit
        self.projectID = projectID
        self.agentID = agentID
    }

    enum CodingKeys: String, CodingKey {
        case q, mode, scope, tags, limit, projectID = "project_id", agentID = "agent_id"
    }
}

/// What a search found, best first.
public struct MemorySearchResults: Codable, Sendable {
    /// One memory that matches.
    public struct Result: Codable, Sendable {
        public var memory: Memory
        /// The greater the better; comparable within one answer only.
        public var score: Double
        /// The part of the content that matches best.
        public var snippet: String

        public init(memory: Memory, score: Double, snippet: String) {
            self.memory = memory
            self.score = score
            self.snippet = snippet
        }
    }

    public var results: [Result]

    public init(results: [Result]) { self.results = results }
}

/// `POST /memory-api/approvals/{id}/approve` and `/reject`.
public struct DecideMemory: Codable, Sendable {
    public var comment: String?
    public var reason: String?
}
