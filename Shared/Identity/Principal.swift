public import Models

/// Who makes a request, as far as authorisation needs to know: made from a verified credential, carried between services in an
/// `InternalAssertion`, and trusted from nowhere else.
public struct Principal: Sendable, Codable {
    public enum Kind: String, Sendable, Codable, Hashable, CaseIterable {
        case user
        case apiKey = "api_key"
        case agent
        case service
    }

    public var kind: Kind
    /// `user_…`, `key_…`, an agent's id, a service's name, or the subject of a token that an outside issuer signed (`<issuer's
    /// name>:<sub>`).
    public var id: String
    /// For people to read.
    public var name: String
    /// The workspace that a request means when it names none.
    public var homeWorkspace: String
    /// Workspace id → role. Empty for agents, whose reach is `run`, and for services.
    public var memberships: [String: Role]
    /// Workspace slug → id, for those of `memberships` whose slug is not their id.
    public var workspaceSlugs: [String: String]
    /// What a limited API key may call; nil when not limited.
    public var scopes: Set<Scope>?
    /// What an agent token is bound to.
    public var run: RunBinding?

    public init(
        kind: Kind, id: String, name: String, homeWorkspace: String, memberships: [String: Role] = [:],
        workspaceSlugs: [String: String] = [:], scopes: Set<Scope>? = nil, run: RunBinding? = nil
    ) {
        self.kind = kind
        self.id = id
        self.name = name
        self.homeWorkspace = homeWorkspace
        self.memberships = memberships
        self.workspaceSlugs = workspaceSlugs
        self.scopes = scopes
        self.run = run
    }

    /// One of the suite's own services, acting for itself.
    public static func service(_ name: String, workspace: String = "default") -> Principal {
        Principal(kind: .service, id: name, name: name, homeWorkspace: workspace)
    }

    /// An agent at work on a run.
    public static func agent(name: String, run: RunBinding) -> Principal {
        Principal(kind: .agent, id: run.agentID, name: name, homeWorkspace: run.workspace, run: run)
    }

    /// The role in a workspace (by id); nil for agents and for those who are no members. The suite's own services are owners
    /// everywhere.
    public func role(in workspace: String) -> Role? {
        switch kind {
        case .user, .apiKey: memberships[workspace]
        case .service: .owner
        case .agent: nil
        }
    }

    /// The id of the workspace that a request means: the one asked for by id or slug, else the credential's own.
    /// It may be one that the principal is no member of: `Access.check` refuses that.
    public func workspace(asked: String?) -> String {
        guard let asked, !asked.isEmpty else { return homeWorkspace }
        if memberships[asked] != nil { return asked }
        return workspaceSlugs[asked] ?? asked
    }

    private enum CodingKeys: String, CodingKey {
        case kind, id, name, memberships, scopes, run
        case homeWorkspace = "home_workspace"
        case workspaceSlugs = "workspace_slugs"
    }
}

extension Principal: Hashable {
    /// Hashes what tells principals apart in practice; equality compares everything.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(id)
    }
}

/// What an agent token is bound to: one attempt at one run, and what follows from it.
public struct RunBinding: Sendable, Codable, Hashable {
    public var runID: String
    /// Counts the dispatches of the run; a report of an earlier one is stale (409).
    public var attempt: Int
    public var agentID: String
    public var taskID: String
    public var projectID: String?
    public var workspace: String
    /// The memory scopes that the agent's `memory_policy` lets it read (`global`, `project`, `agent_private`, …).
    public var memoryReadScopes: [String]
    /// The memory scopes that it may write.
    public var memoryWriteScopes: [String]
    /// The run is over, or a later attempt has begun: the token reaches the agents' report routes alone, so that a report whose
    /// answer was lost can be repeated.
    public var ended: Bool

    public init(
        runID: String, attempt: Int, agentID: String, taskID: String, projectID: String? = nil, workspace: String,
        memoryReadScopes: [String] = [], memoryWriteScopes: [String] = [], ended: Bool = false
    ) {
        self.runID = runID
        self.attempt = attempt
        self.agentID = agentID
        self.taskID = taskID
        self.projectID = projectID
        self.workspace = workspace
        self.memoryReadScopes = memoryReadScopes
        self.memoryWriteScopes = memoryWriteScopes
        self.ended = ended
    }

    private enum CodingKeys: String, CodingKey {
        case attempt, workspace, ended
        case runID = "run_id"
        case agentID = "agent_id"
        case taskID = "task_id"
        case projectID = "project_id"
        case memoryReadScopes = "memory_read_scopes"
        case memoryWriteScopes = "memory_write_scopes"
    }
}
