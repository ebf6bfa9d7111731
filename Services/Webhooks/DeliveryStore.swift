import Models
import Storage

extension WebhookDelivery: StoredModel {
    public static var noun: String { "delivery" }
}

/// All the SQL of deliveries and of what was in them.
struct DeliveryStore: Sendable {
    static let table = DocumentTable<WebhookDelivery>(
        "webhook_deliveries",
        columns: [
            Column("direction", .text) { $0.direction.rawValue },
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("endpoint_id", .text, index: .filtered) { $0.endpointID },
            Column("subscription_id", .text, index: .filtered) { $0.subscriptionID },
            Column("event", .text) { $0.event },
            // Who sends it, and under which id: what was seen before is not taken twice.
            Column("origin", .text, index: .unique) { "\($0.endpointID ?? $0.subscriptionID ?? "") \($0.messageID)" },
        ])

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<WebhookDelivery> {
        try Self.table.list(query, workspace: workspace, in: reader)
    }

    func get(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<WebhookDelivery> {
        try Self.table.get(id, workspace: workspace, in: reader)
    }

    /// The delivery that an endpoint or a subscription had before under this message's id.
    func find(_ message: String, from owner: String, workspace: String, in reader: any SQLReader) throws -> String? {
        try reader.one(
            "SELECT id FROM webhook_deliveries WHERE workspace_id = ? AND origin = ?", workspace, "\(owner) \(message)"
        ) { $0.text(0) }
    }

    func insert(_ delivery: WebhookDelivery, payload: [UInt8], in transaction: Transaction) throws -> Stored<WebhookDelivery> {
        let stored = try Self.table.insert(
            delivery, workspace: delivery.workspaceID, at: delivery.createdAt, in: transaction)
        _ = try transaction.run(
            "INSERT INTO webhook_payloads (workspace_id, delivery_id, payload) VALUES (?, ?, ?)", delivery.workspaceID,
            delivery.id,
            payload)
        return stored
    }

    func replace(
        _ old: Stored<WebhookDelivery>, with delivery: WebhookDelivery, at time: Timestamp, in transaction: Transaction
    ) throws -> Stored<WebhookDelivery> {
        try Self.table.replace(old, with: delivery, at: time, in: transaction)
    }

    func payload(of id: String, workspace: String, in reader: any SQLReader) throws -> [UInt8]? {
        try reader.one("SELECT payload FROM webhook_payloads WHERE workspace_id = ? AND delivery_id = ?", workspace, id) {
            $0.bytes(0)
        }
    }

    /// Forgets deliveries made before `time` that are not to be sent any more.
    /// - Returns: how many, at most `limit`.
    func prune(before time: Timestamp, limit: Int, in transaction: Transaction) throws -> Int {
        let old = try transaction.all(
            "SELECT workspace_id, id FROM webhook_deliveries WHERE created_at < ? AND status <> ? LIMIT ?", time,
            WebhookDeliveryStatus.pending.rawValue, limit
        ) { (workspace: $0.text(0), id: $0.text(1)) }
        for row in old {
            try Self.table.delete(row.id, workspace: row.workspace, in: transaction)
            _ = try transaction.run(
                "DELETE FROM webhook_payloads WHERE workspace_id = ? AND delivery_id = ?", row.workspace, row.id)
        }
        return old.count
    }
}
