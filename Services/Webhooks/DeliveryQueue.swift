import Events
import Models
import Storage

/// Outbound deliveries that wait to be sent. Whoever sends one leases it, so that a sender that dies leaves it to the next.
struct DeliveryQueue: Sendable {
    /// Longer than a send can take.
    static let leaseSeconds = 60.0
    /// Sends to one subscriber at a time: a slow one must not hold up the others.
    static let atOncePerSubscription = 2
    /// Deliveries that may wait for one subscriber; more are given up at once.
    static let waitingMax = 10_000

    /// Rises whenever something is added.
    let bell = Watermark()

    /// One that is to be sent now.
    struct Item: Sendable {
        let delivery: String
        let workspace: String
    }

    func add(_ delivery: WebhookDelivery, due: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.run(
            """
            INSERT OR REPLACE INTO webhook_queue (delivery_id, workspace_id, subscription_id, due_at, leased_until)
            VALUES (?, ?, ?, ?, 0)
            """, delivery.id, delivery.workspaceID, delivery.subscriptionID, due)
        transaction.afterCommit { [bell] in bell.advance(to: bell.value + 1) }
    }

    func isFull(for subscription: String, in reader: any SQLReader) throws -> Bool {
        let count = try reader.one("SELECT count(*) FROM webhook_queue WHERE subscription_id = ?", subscription) { $0.int(0) }
        return (count ?? 0) >= DeliveryQueue.waitingMax
    }

    /// The next one that may be sent; nil when there is none.
    func next(at time: Timestamp, in reader: any SQLReader) throws -> Item? {
        try reader.one(
            """
            SELECT q.delivery_id, q.workspace_id FROM webhook_queue q
            WHERE q.due_at <= ? AND q.leased_until <= ? AND (
                SELECT count(*) FROM webhook_queue o WHERE o.subscription_id = q.subscription_id AND o.leased_until > ?
            ) < ?
            ORDER BY q.due_at LIMIT 1
            """, time, time, time, DeliveryQueue.atOncePerSubscription
        ) { Item(delivery: $0.text(0), workspace: $0.text(1)) }
    }

    /// Takes the next one for this sender.
    func lease(at time: Timestamp, in transaction: Transaction) throws -> Item? {
        guard let item = try next(at: time, in: transaction) else { return nil }
        _ = try transaction.run(
            "UPDATE webhook_queue SET leased_until = ? WHERE delivery_id = ?", time.adding(seconds: DeliveryQueue.leaseSeconds),
            item.delivery)
        return item
    }

    /// When the first one is due that is not due yet.
    func nextDue(after time: Timestamp, in reader: any SQLReader) throws -> Timestamp? {
        try reader.one("SELECT min(max(due_at, leased_until)) FROM webhook_queue WHERE max(due_at, leased_until) > ?", time) {
            $0.timestampOrNil(0)
        } ?? nil
    }

    func remove(_ delivery: String, in transaction: Transaction) throws {
        _ = try transaction.run("DELETE FROM webhook_queue WHERE delivery_id = ?", delivery)
        // A place of its subscriber is free.
        transaction.afterCommit { [bell] in bell.advance(to: bell.value + 1) }
    }
}
