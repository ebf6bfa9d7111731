import HTTP
import Identity
import Models
import Service
import Storage

/// A subscription as it is shown when it is made: with its secret, this once, when that was not the caller's own.
struct NewSubscription: Codable, Sendable {
    let subscription: WebhookSubscription
    let secret: String?

    private enum CodingKeys: String, CodingKey { case secret }

    init(_ subscription: WebhookSubscription, secret: String?) {
        self.subscription = subscription
        self.secret = secret
    }

    init(from decoder: any Decoder) throws {
        subscription = try WebhookSubscription(from: decoder)
        secret = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .secret)
    }

    func encode(to encoder: any Encoder) throws {
        try subscription.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(secret, forKey: .secret)
    }
}

/// What becomes of the requests about subscriptions.
struct SubscriptionHandlers: Sendable {
    let store: SubscriptionStore
    let secrets: SecretStore
    let references: WebhookReferences
    let sender: WebhookSender

    func list(_ call: Call) async throws -> Listing<WebhookSubscription> {
        var filters: [Filter] = []
        if let enabled = try call.query.bool("enabled") { filters.append(.equals("enabled", enabled)) }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        return Listing(try await call.read { try store.page(query, workspace: call.workspace, in: $0) }, as: "subscriptions")
    }

    func create(_ call: Call, body: CreateWebhookSubscription) async throws -> CreatedShown<NewSubscription> {
        var input = body
        input.projectID = try await references.project(body.projectID, workspace: call.workspace)
        let subscription = try WebhookRules.make(from: input, workspace: call.workspace, by: call.actor, at: call.now)
        let made = input.secret == nil ? StandardWebhooks.makeSecret() : nil
        let secret = Array((input.secret ?? made ?? "").utf8)
        return try await call.write { transaction in
            let stored = try store.insert(subscription, at: call.now, in: transaction)
            try secrets.set(secret, of: stored.id, workspace: call.workspace, in: transaction)
            try call.emit("subscription.created", stored, project: subscription.projectID, in: transaction)
            return CreatedShown(
                NewSubscription(subscription, secret: made), of: stored, in: "/webhooks-api/subscriptions", isSecret: true)
        }
    }

    func show(_ call: Call) async throws -> Found<WebhookSubscription> {
        Found(try await call.read { try store.get(call.parameter("id"), workspace: call.workspace, in: $0) })
    }

    func update(_ call: Call, body: UpdateWebhookSubscription) async throws -> Found<WebhookSubscription> {
        var input = body
        if case .value(let project) = body.projectID {
            input.projectID = try await references.project(project, workspace: call.workspace).map { .value($0) } ?? .null
        }
        let change = input
        return try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let changed = try WebhookRules.update(try stored.model(), with: change, at: call.now)
            if case .value(let secret) = change.secret {
                try secrets.set(Array(secret.utf8), of: stored.id, workspace: call.workspace, in: transaction)
            }
            let replaced = try store.replace(stored, with: changed, at: call.now, in: transaction)
            try call.emit("subscription.updated", replaced, project: changed.projectID, in: transaction)
            return Found(replaced)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try store.delete(stored, in: transaction)
            try secrets.set(nil, of: stored.id, workspace: call.workspace, in: transaction)
            try call.emit("subscription.deleted", stored, in: transaction)
            return NoContent()
        }
    }

    /// Sends `webhook.test` at once, and once only; the answer tells what the subscriber said.
    func test(_ call: Call) async throws -> Found<WebhookDelivery> {
        let (delivery, parcel) = try await call.environment.database.write { transaction in
            let subscription = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction).model()
            let event = Event(
                id: Identifier.make("evt", at: call.now), type: "webhook.test", service: "webhooks", workspaceID: call.workspace,
                projectID: subscription.projectID, subjectID: subscription.id, time: call.now, actor: call.actor)
            let delivery = EventFanout.delivery(of: event, to: subscription, at: call.now)
            let stored = try sender.deliveries.insert(
                delivery, payload: try JSON.encode(OutboundMessage(event)), in: transaction)
            return (stored, try sender.parcel(delivery, in: transaction))
        }
        guard let parcel else { throw ServiceError.internal("the subscription \(call.parameter("id")) has no secret") }
        let outcome = try await sender.send(parcel)
        return Found(try await sender.record(outcome, delivery.id, call.workspace, retries: false) ?? delivery)
    }
}
