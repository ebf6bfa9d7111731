import HTTP
import Models
import Service
import Storage

/// What becomes of the requests about deliveries.
struct DeliveryHandlers: Sendable {
    let store: DeliveryStore
    let queue: DeliveryQueue

    func list(_ call: Call) async throws -> Listing<WebhookDelivery> {
        var filters = call.equals("endpoint_id", "subscription_id", "event")
        let statuses = try call.query.words("status", as: WebhookDeliveryStatus.self)
        if !statuses.isEmpty { filters.append(.isIn("status", statuses.map(\.rawValue))) }
        if let direction = try call.query.word("direction", as: WebhookDirection.self) {
            filters.append(.equals("direction", direction.rawValue))
        }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        return Listing(try await call.read { try store.page(query, workspace: call.workspace, in: $0) }, as: "deliveries")
    }

    func show(_ call: Call) async throws -> Shown<WebhookDeliveryDetail> {
        try await call.read { reader in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: reader)
            let payload = try store.payload(of: stored.id, workspace: call.workspace, in: reader)
            let detail = WebhookDeliveryDetail(
                try stored.model(), payload: try payload.map { try JSON.decode(JSONValue.self, from: $0) })
            return Shown(detail, of: stored)
        }
    }

    /// Tells of an inbound one again, whatever the rules say, or sends an outbound one again.
    func redeliver(_ call: Call) async throws -> Accepted<WebhookDelivery> {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            var delivery = try stored.model()
            delivery.updatedAt = call.now
            delivery.error = nil
            if delivery.direction == .inbound {
                delivery.attempts += 1
                delivery.status = .received
                let changed = try store.replace(stored, with: delivery, at: call.now, in: transaction)
                try InboundHandlers.tell(of: changed, delivery, call.environment, in: transaction)
            } else {
                delivery.status = .pending
                delivery.nextAttemptAt = call.now
                delivery.attempts = 0
                _ = try store.replace(stored, with: delivery, at: call.now, in: transaction)
                try queue.add(delivery, due: call.now, in: transaction)
            }
            return Accepted(delivery)
        }
    }
}
