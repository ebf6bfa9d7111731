/// Who sends webhooks to the suite, each with its own way of signing them.
public enum WebhookProvider: String, Codable, Sendable, Hashable, CaseIterable { case plane, github, gitlab, jira, ci }

/// What to do with some of an endpoint's deliveries.
public struct WebhookRule: Codable, Sendable, Hashable {
    /// The event that it is about: `push`, `issues.opened`, `issues.*`, or `*`.
    public var event: String
    /// `ignore` keeps such a delivery from being told of; any other word goes along with the event, for those who act on it.
    public var action: String?

    public init(event: String, action: String? = nil) {
        self.event = event
        self.action = action
    }
}

/// Where a provider sends its webhooks. The secret is written and never read: it is kept apart, encrypted.
public struct WebhookEndpoint: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var provider: WebhookProvider
    public var name: String
    /// The first one whose event matches decides.
    public var rules: [WebhookRule]
    public var projectID: String?
    public var integrationID: String?
    public var enabled: Bool
    /// Whether a secret is kept. Without one no delivery is taken.
    public var hasSecret: Bool
    /// The path that the provider is told to send to.
    public var path: String
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, provider: WebhookProvider, name: String, rules: [WebhookRule] = [],
        projectID: String? = nil, integrationID: String? = nil, enabled: Bool = true, hasSecret: Bool, createdBy: Actor,
        createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.provider = provider
        self.name = name
        self.rules = rules
        self.projectID = projectID
        self.integrationID = integrationID
        self.enabled = enabled
        self.hasSecret = hasSecret
        path = "/webhooks-api/\(provider.rawValue)/\(id)"
        self.createdBy = createdBy
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", provider, name, rules, projectID = "project_id", integrationID = "integration_id"
        case enabled, hasSecret = "has_secret", path, createdBy = "created_by", createdAt = "created_at", updatedAt = "updated_at"
    }
}

/// Who outside of the suite is told of its events. The secret signs what is sent; it is kept apart, encrypted.
public struct WebhookSubscription: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var url: String
    /// `task.updated`, `task.*`, or `*`.
    public var events: [String]
    public var description: String
    public var projectID: String?
    public var enabled: Bool
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, url: String, events: [String], description: String = "", projectID: String? = nil,
        enabled: Bool = true, createdBy: Actor, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.url = url
        self.events = events
        self.description = description
        self.projectID = projectID
        self.enabled = enabled
        self.createdBy = createdBy
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", url, events, description, projectID = "project_id", enabled
        case createdBy = "created_by", createdAt = "created_at", updatedAt = "updated_at"
    }
}
