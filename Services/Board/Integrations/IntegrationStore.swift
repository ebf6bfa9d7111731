import Models
import Storage

extension Integration: StoredModel {
    public static var noun: String { "integration" }
}

/// All the SQL of integrations. Credentials lie apart, sealed.
struct IntegrationStore: Sendable {
    static let table = DocumentTable<Integration>(
        "integrations",
        columns: [
            Column("provider", .text) { $0.provider.rawValue },
            Column("project_id", .text, index: .filtered) { $0.projectID },
        ])

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<Integration> {
        try Self.table.list(query, workspace: workspace, in: reader)
    }

    func get(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<Integration> {
        try Self.table.get(id, workspace: workspace, in: reader)
    }

    /// Those of a project, or of the whole workspace.
    func all(project: String?, workspace: String, in reader: any SQLReader) throws -> [Integration] {
        let filters = project.map { [Filter.equals("project_id", $0)] } ?? []
        let query = ListQuery(filters: filters, order: [.ascending("created_at")], limit: ListQuery.limitMax)
        return try page(query, workspace: workspace, in: reader).items.map { try $0.model() }
    }

    func insert(_ integration: Integration, at time: Timestamp, in transaction: Transaction) throws -> Stored<Integration> {
        try Self.table.insert(integration, workspace: integration.workspaceID, at: time, in: transaction)
    }

    func replace(
        _ old: Stored<Integration>, with integration: Integration, at time: Timestamp, in transaction: Transaction
    ) throws -> Stored<Integration> {
        try Self.table.replace(old, with: integration, at: time, in: transaction)
    }

    func delete(_ integration: Stored<Integration>, in transaction: Transaction) throws {
        try Self.table.delete(integration.id, workspace: integration.workspace, in: transaction)
        try setCredential(nil, of: integration.id, workspace: integration.workspace, in: transaction)
    }

    /// Keeps a sealed credential; nil forgets it.
    func setCredential(_ sealed: [UInt8]?, of id: String, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run(
            "DELETE FROM integration_credentials WHERE workspace_id = ? AND integration_id = ?", workspace, id)
        guard let sealed else { return }
        _ = try transaction.run(
            "INSERT INTO integration_credentials (workspace_id, integration_id, sealed) VALUES (?, ?, ?)", workspace, id, sealed)
    }
}
