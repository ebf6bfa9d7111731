/// Which way a webhook went.
public enum WebhookDirection: String, Codable, Sendable, Hashable, CaseIterable { case inbound, outbound }

/// What became of a webhook.
public enum WebhookDeliveryStatus: String, Codable, Sendable, Hashable, CaseIterable {
    /// It came in, and was told of.
    case received
    /// It came in, and a rule of its endpoint keeps it from being told of.
    case ignored
    /// It is to be sent, perhaps again.
    case pending
    /// It was sent, and the subscriber has answered with 2xx.
    case delivered
    /// It was not taken, and will not be tried again.
    case failed
}

/// A webhook that came in or goes out.
public struct WebhookDelivery: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var direction: WebhookDirection
    public var status: WebhookDeliveryStatus
    /// Of an inbound one.
    public var endpointID: String?
    public var provider: WebhookProvider?
    /// Of an outbound one.
    public var subscriptionID: String?
    /// What it is about: `issues.opened`, `task.updated`.
    public var event: String
    /// The sender's own id of it, the same however often it is sent.
    public var messageID: String
    /// The word of the endpoint's rule that matched.
    public var action: String?
    public var projectID: String?
    public var integrationID: String?
    /// How often it was applied, or sent.
    public var attempts: Int
    /// What the subscriber answered last.
    public var responseStatus: Int?
    public var error: String?
    /// When it is sent again.
    public var nextAttemptAt: Timestamp?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, direction: WebhookDirection, status: WebhookDeliveryStatus, event: String,
        messageID: String, projectID: String? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.direction = direction
        self.status = status
        self.event = event
        self.messageID = messageID
        self.projectID = projectID
        attempts = 0
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", direction, status, endpointID = "endpoint_id", provider
        case subscriptionID = "subscription_id", event, messageID = "message_id", action, projectID = "project_id"
        case integrationID = "integration_id", attempts, responseStatus = "response_status", error
        case nextAttemptAt = "next_attempt_at", createdAt = "created_at", updatedAt = "updated_at"
    }
}

/// A delivery with what was in it: `GET /webhooks-api/deliveries/{id}`.
public struct WebhookDeliveryDetail: Codable, Sendable {
    public var delivery: WebhookDelivery
    public var payload: JSONValue?

    private enum CodingKeys: String, CodingKey { case payload }

    public init(_ delivery: WebhookDelivery, payload: JSONValue?) {
        self.delivery = delivery
        self.payload = payload
    }

    public init(from decoder: any Decoder) throws {
        delivery = try WebhookDelivery(from: decoder)
        payload = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(JSONValue.self, forKey: .payload)
    }

    public func encode(to encoder: any Encoder) throws {
        try delivery.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(payload, forKey: .payload)
    }
}

/// What the sender of an inbound webhook is told.
public struct WebhookReceipt: Codable, Sendable {
    /// The delivery; the first one's when it was seen before.
    public var id: String
    /// `received`, `ignored`, or `duplicate`.
    public var status: String

    public init(id: String, status: String) {
        self.id = id
        self.status = status
    }
}
