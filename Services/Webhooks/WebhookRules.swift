import Models

/// What the domain asks of endpoints and subscriptions. Pure functions.
enum WebhookRules {
    static let rulesMax = 100
    static let eventsMax = 100
    static let patternLengthMax = 100
    static let secretBytesMax = 1024
    static let urlBytesMax = 2048

    /// A new endpoint. The project is an id already.
    /// - Throws: 400 naming the field.
    static func make(
        from input: CreateWebhookEndpoint, workspace: String, by actor: Actor, at time: Timestamp
    ) throws -> WebhookEndpoint {
        try check(secret: input.secret)
        let endpoint = WebhookEndpoint(
            id: Identifier.make("hook", at: time), workspaceID: workspace, provider: input.provider, name: input.name,
            rules: input.rules ?? [], projectID: input.projectID, integrationID: input.integrationID,
            enabled: input.enabled ?? true, hasSecret: input.secret != nil, createdBy: actor, createdAt: time)
        try validate(endpoint)
        return endpoint
    }

    /// The endpoint with what a PATCH names replaced.
    static func update(_ endpoint: WebhookEndpoint, with change: UpdateWebhookEndpoint, at time: Timestamp) throws
        -> WebhookEndpoint
    {
        var endpoint = endpoint
        endpoint.name = try change.name.applied(to: endpoint.name, field: "name")
        endpoint.rules = change.rules.applied(to: endpoint.rules) ?? []
        endpoint.projectID = change.projectID.applied(to: endpoint.projectID)
        endpoint.integrationID = change.integrationID.applied(to: endpoint.integrationID)
        endpoint.enabled = try change.enabled.applied(to: endpoint.enabled, field: "enabled")
        switch change.secret {
        case .absent: break
        case .null: endpoint.hasSecret = false
        case .value(let secret):
            try check(secret: secret)
            endpoint.hasSecret = true
        }
        try validate(endpoint)
        endpoint.updatedAt = time
        return endpoint
    }

    /// A new subscription. The project is an id already.
    static func make(
        from input: CreateWebhookSubscription, workspace: String, by actor: Actor, at time: Timestamp
    ) throws -> WebhookSubscription {
        try check(secret: input.secret)
        let subscription = WebhookSubscription(
            id: Identifier.make("sub", at: time), workspaceID: workspace, url: input.url, events: input.events ?? ["*"],
            description: input.description ?? "", projectID: input.projectID, enabled: input.enabled ?? true, createdBy: actor,
            createdAt: time)
        try validate(subscription)
        return subscription
    }

    /// The subscription with what a PATCH names replaced.
    static func update(
        _ subscription: WebhookSubscription, with change: UpdateWebhookSubscription, at time: Timestamp
    ) throws -> WebhookSubscription {
        var subscription = subscription
        subscription.url = try change.url.applied(to: subscription.url, field: "url")
        subscription.events = change.events.applied(to: subscription.events) ?? ["*"]
        subscription.description = change.description.applied(to: subscription.description) ?? ""
        subscription.projectID = change.projectID.applied(to: subscription.projectID)
        subscription.enabled = try change.enabled.applied(to: subscription.enabled, field: "enabled")
        switch change.secret {
        case .absent: break
        case .null: throw ServiceError.invalid("secret", "must not be null: what is sent is always signed")
        case .value(let secret): try check(secret: secret)
        }
        try validate(subscription)
        subscription.updatedAt = time
        return subscription
    }

    private static func check(secret: String?) throws {
        guard let secret else { return }
        try Check.text(secret, "secret", bytesMax: secretBytesMax)
        guard !secret.isEmpty else { throw ServiceError.invalid("secret", "must not be empty") }
    }

    private static func validate(_ endpoint: WebhookEndpoint) throws {
        try Check.name(endpoint.name)
        guard endpoint.rules.count <= rulesMax else { throw ServiceError.invalid("rules", "must have at most \(rulesMax) items") }
        for (index, rule) in endpoint.rules.enumerated() {
            try check(pattern: rule.event, "rules[\(index)].event")
            if let action = rule.action { try Check.name(action, "rules[\(index)].action", lengthMax: patternLengthMax) }
        }
        if let integration = endpoint.integrationID { try Check.reference(integration, "integration_id") }
    }

    private static func validate(_ subscription: WebhookSubscription) throws {
        let url = subscription.url
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= urlBytesMax,
            url.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { throw ServiceError.invalid("url", "must be an http or https address") }
        try Check.list(subscription.events, "events", max: eventsMax)
        guard !subscription.events.isEmpty else { throw ServiceError.invalid("events", "must name an event, or *") }
        for (index, pattern) in subscription.events.enumerated() { try check(pattern: pattern, "events[\(index)]") }
        try Check.text(subscription.description, "description")
    }

    private static func check(pattern: String, _ field: String) throws {
        try Check.name(pattern, field, lengthMax: patternLengthMax)
        guard !pattern.dropLast().contains("*"), !pattern.hasSuffix("*") || pattern == "*" || pattern.hasSuffix(".*") else {
            throw ServiceError.invalid(field, "must be an event such as task.updated, all of a kind as task.*, or *")
        }
    }
}
