import Models
import Storage

extension WebhookSubscription: StoredModel {
    public static var noun: String { "subscription" }
}

/// All the SQL of subscriptions.
struct SubscriptionStore: Sendable {
    static let table = DocumentTable<WebhookSubscription>(
        "webhook_subscriptions", columns: [Column("enabled", .integer) { $0.enabled }])

    /// The subscriptions of a workspace that are to be told of an event.
    func interested(in event: Event, in reader: any SQLReader) throws -> [WebhookSubscription] {
        let query = ListQuery(filters: [.equals("enabled", true)], limit: ListQuery.limitMax)
        return try page(query, workspace: event.workspaceID, in: reader).items.map { try $0.model() }.filter { subscription in
            subscription.events.contains { EventPattern.matches($0, event.type) } && subscription.createdAt <= event.time
                && (subscription.projectID == nil || subscription.projectID == event.projectID)
        }
    }

    /// Whether there is anyone at all to tell.
    func isAnyEnabled(in reader: any SQLReader) throws -> Bool {
        try reader.one("SELECT 1 FROM webhook_subscriptions WHERE enabled = 1 LIMIT 1") { $0.bool(0) } ?? false
    }

    func find(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<WebhookSubscription>? {
        try Self.table.find(id, workspace: workspace, in: reader)
    }

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<WebhookSubscription> {
        try Self.table.list(query, workspace: workspace, in: reader)
    }

    func get(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<WebhookSubscription> {
        try Self.table.get(id, workspace: workspace, in: reader)
    }

    func insert(_ subscription: WebhookSubscription, at time: Timestamp, in transaction: Transaction) throws
        -> Stored<WebhookSubscription>
    {
        try Self.table.insert(subscription, workspace: subscription.workspaceID, at: time, in: transaction)
    }

    func replace(
        _ old: Stored<WebhookSubscription>, with subscription: WebhookSubscription, at time: Timestamp,
        in transaction: Transaction
    ) throws -> Stored<WebhookSubscription> {
        try Self.table.replace(old, with: subscription, at: time, in: transaction)
    }

    func delete(_ subscription: Stored<WebhookSubscription>, in transaction: Transaction) throws {
        try Self.table.delete(subscription.id, workspace: subscription.workspace, in: transaction)
    }
}
