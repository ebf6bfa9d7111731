import Models
import Storage

extension WebhookEndpoint: StoredModel {
    public static var noun: String { "endpoint" }
}

/// All the SQL of endpoints.
struct EndpointStore: Sendable {
    static let table = DocumentTable<WebhookEndpoint>(
        "webhook_endpoints",
        columns: [
            Column("provider", .text, index: .filtered) { $0.provider.rawValue },
            Column("project_id", .text) { $0.projectID },
            Column("enabled", .integer) { $0.enabled },
        ])

    /// Most endpoints of one provider that a signature is tried on.
    static let triedMax = 200

    /// The endpoint at a path, of any workspace, while it is enabled.
    func find(_ id: String, of provider: WebhookProvider, in reader: any SQLReader) throws -> WebhookEndpoint? {
        let workspace = try reader.one(
            "SELECT workspace_id FROM webhook_endpoints WHERE id = ? AND provider = ? AND enabled = 1", id, provider.rawValue
        ) { $0.text(0) }
        return try workspace.flatMap { try Self.table.find(id, workspace: $0, in: reader) }?.model()
    }

    /// The enabled endpoints of a provider, of all workspaces, the oldest first.
    func all(of provider: WebhookProvider, in reader: any SQLReader) throws -> [WebhookEndpoint] {
        let rows = try reader.all(
            "SELECT workspace_id, id FROM webhook_endpoints WHERE provider = ? AND enabled = 1 ORDER BY created_at LIMIT ?",
            provider.rawValue, EndpointStore.triedMax
        ) { (workspace: $0.text(0), id: $0.text(1)) }
        return try rows.compactMap { try Self.table.find($0.id, workspace: $0.workspace, in: reader)?.model() }
    }

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<WebhookEndpoint> {
        try Self.table.list(query, workspace: workspace, in: reader)
    }

    func get(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<WebhookEndpoint> {
        try Self.table.get(id, workspace: workspace, in: reader)
    }

    func insert(_ endpoint: WebhookEndpoint, at time: Timestamp, in transaction: Transaction) throws -> Stored<WebhookEndpoint> {
        try Self.table.insert(endpoint, workspace: endpoint.workspaceID, at: time, in: transaction)
    }

    func replace(
        _ old: Stored<WebhookEndpoint>, with endpoint: WebhookEndpoint, at time: Timestamp, in transaction: Transaction
    ) throws -> Stored<WebhookEndpoint> {
        try Self.table.replace(old, with: endpoint, at: time, in: transaction)
    }

    func delete(_ endpoint: Stored<WebhookEndpoint>, in transaction: Transaction) throws {
        try Self.table.delete(endpoint.id, workspace: endpoint.workspace, in: transaction)
    }
}
