/// `POST /webhooks-api/endpoints`.
public struct CreateWebhookEndpoint: Codable, Sendable {
    public var provider: WebhookProvider
    public var name: String
    public var secret: String?
    public var rules: [WebhookRule]?
    /// An id or a slug.
    public var projectID: String?
    public var integrationID: String?
    public var enabled: Bool?

    enum CodingKeys: String, CodingKey {
        case provider, name, secret, rules, projectID = "project_id", integrationID = "integration_id", enabled
    }
}

/// `PATCH /webhooks-api/endpoints/{id}`.
public struct UpdateWebhookEndpoint: Codable, Sendable {
    public var name: Field<String>
    public var secret: Field<String>
    public var rules: Field<[WebhookRule]>
    public var projectID: Field<String>
    public var integrationID: Field<String>
    public var enabled: Field<Bool>

    enum CodingKeys: String, CodingKey {
        case name, secret, rules, projectID = "project_id", integrationID = "integration_id", enabled
    }
}

/// `POST /webhooks-api/subscriptions`.
public struct CreateWebhookSubscription: Codable, Sendable {
    public var url: String
    /// All events when left out.
    public var events: [String]?
    /// Made, and shown this once, when left out.
    public var secret: String?
    public var description: String?
    public var projectID: String?
    public var enabled: Bool?

    enum CodingKeys: String, CodingKey {
        case url, events, secret, description, projectID = "project_id", enabled
    }
}

/// `PATCH /webhooks-api/subscriptions/{id}`.
public struct UpdateWebhookSubscription: Codable, Sendable {
    public var url: Field<String>
    public var events: Field<[String]>
    public var secret: Field<String>
    public var description: Field<String>
    public var projectID: Field<String>
    public var enabled: Field<Bool>

    enum CodingKeys: String, CodingKey {
        case url, events, secret, description, projectID = "project_id", enabled
    }
}
