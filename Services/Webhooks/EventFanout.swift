import HTTP
import Models
import Service
import Storage

/// Makes a delivery of an event for each subscription that wants it.
struct EventFanout: Sendable {
    let subscriptions: SubscriptionStore
    let deliveries: DeliveryStore
    let queue: DeliveryQueue
    let clock: WallClock

    /// Runs in the transaction that moves the consumer's cursor: each event is queued once.
    func apply(_ event: Event, in transaction: Transaction) throws {
        let interested = try subscriptions.interested(in: event, in: transaction)
        guard !interested.isEmpty else { return }
        let payload = try JSON.encode(OutboundMessage(event))
        for subscription in interested {
            var delivery = EventFanout.delivery(of: event, to: subscription, at: clock.now())
            let isFull = try queue.isFull(for: subscription.id, in: transaction)
            if isFull {
                delivery.status = .failed
                delivery.error = "too many deliveries wait for this subscriber"
            } else {
                delivery.nextAttemptAt = delivery.createdAt
            }
            _ = try deliveries.insert(delivery, payload: payload, in: transaction)
            if !isFull { try queue.add(delivery, due: delivery.createdAt, in: transaction) }
        }
    }

    static func delivery(of event: Event, to subscription: WebhookSubscription, at time: Timestamp) -> WebhookDelivery {
        var delivery = WebhookDelivery(
            id: Identifier.make("dlv", at: time), workspaceID: subscription.workspaceID, direction: .outbound, status: .pending,
            event: event.type, messageID: event.id, projectID: event.projectID, createdAt: time)
        delivery.subscriptionID = subscription.id
        return delivery
    }
}

/// What a subscriber is sent.
struct OutboundMessage: Encodable {
    let event: Event

    init(_ event: Event) { self.event = event }

    private enum CodingKeys: String, CodingKey {
        case id, type, timestamp, service, workspaceID = "workspace_id", projectID = "project_id", subjectID = "subject_id", actor
        case data
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(event.id, forKey: .id)
        try members.encode(event.type, forKey: .type)
        try members.encode(event.time, forKey: .timestamp)
        try members.encode(event.service, forKey: .service)
        try members.encode(event.workspaceID, forKey: .workspaceID)
        try members.encodeIfPresent(event.projectID, forKey: .projectID)
        try members.encode(event.subjectID, forKey: .subjectID)
        try members.encodeIfPresent(event.actor, forKey: .actor)
        try members.encode(event.data, forKey: .data)
    }
}
