import Models
import Storage

extension Agent: StoredModel {
    public static var noun: String { "agent" }
}

/// All the SQL of agents.
struct AgentStore: Sendable {
    static let table = DocumentTable<Agent>(
        "agents",
        columns: [
            .slug(\.slug),
            Column("name", .text) { $0.name },
            Column("enabled", .integer) { $0.enabled },
        ])

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<Agent> {
        try Self.table.list(query, workspace: workspace, in: reader)
    }

    func get(_ reference: String, workspace: String, in reader: any SQLReader) throws -> Stored<Agent> {
        try Self.table.get(reference, workspace: workspace, in: reader)
    }

    func insert(_ agent: Agent, at time: Timestamp, in transaction: Transaction) throws -> Stored<Agent> {
        try Self.table.insert(agent, workspace: agent.workspaceID, at: time, in: transaction)
    }

    /// Replaces an agent and keeps what it was.
    func replace(_ old: Stored<Agent>, with agent: Agent, at time: Timestamp, in transaction: Transaction) throws -> Stored<Agent>
    {
        _ = try transaction.run(
            "INSERT INTO agent_versions (workspace_id, agent_id, version, replaced_at, document) VALUES (?, ?, ?, ?, ?)",
            old.workspace, old.id, agent.version - 1, time, SQLValue.utf8(old.bytes))
        return try Self.table.replace(old, with: agent, at: time, in: transaction)
    }

    func delete(_ agent: Stored<Agent>, in transaction: Transaction) throws {
        try Self.table.delete(agent.id, workspace: agent.workspace, in: transaction)
        _ = try transaction.run(
            "DELETE FROM agent_versions WHERE workspace_id = ? AND agent_id = ?", agent.workspace, agent.id)
    }

    /// What the agent was before each of its changes, the latest first, as `{"versions":[…]}`.
    func versions(of id: String, workspace: String, limit: Int, in reader: any SQLReader) throws -> [UInt8] {
        let documents = try reader.all(
            "SELECT document FROM agent_versions WHERE workspace_id = ? AND agent_id = ? ORDER BY version DESC LIMIT ?",
            workspace, id, limit
        ) { $0.bytes(0) }
        return Array("{\"versions\":[".utf8) + documents.joined(separator: [UInt8(ascii: ",")])
            + Array("],\"next_cursor\":null}".utf8)
    }
}
