import HTTP
import Models
import Storage

/// What the agents service says of its agents, kept here so that dispatch asks nobody.
struct AgentCopies: Sendable {
    /// By id or slug.
    func find(_ reference: String, in workspace: String, _ reader: some SQLReader) throws -> Agent? {
        let bytes =
            try reader.one("SELECT document FROM agents WHERE workspace_id = ? AND id = ?", workspace, reference) { $0.bytes(0) }
            ?? reader.one("SELECT document FROM agents WHERE workspace_id = ? AND slug = ?", workspace, reference) { $0.bytes(0) }
        return try bytes.map { try DocumentCoding.decode(Agent.self, from: $0) }
    }

    /// Keeps a copy, unless a newer one is here.
    func keep(_ agent: Agent, in transaction: Transaction) throws {
        let bytes = try DocumentCoding.encode(agent)
        try transaction.run(
            """
            INSERT INTO agents (workspace_id, id, slug, version, enabled, max_concurrent_runs, document)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (workspace_id, id) DO UPDATE SET
                slug = excluded.slug, version = excluded.version, enabled = excluded.enabled,
                max_concurrent_runs = excluded.max_concurrent_runs, document = excluded.document
            WHERE excluded.version >= agents.version
            """, agent.workspaceID, agent.id, agent.slug, agent.version, agent.enabled, max(1, agent.maxConcurrentRuns),
            SQLValue.utf8(bytes))
    }

    func remove(_ id: String, in workspace: String, _ transaction: Transaction) throws {
        try transaction.run("DELETE FROM agents WHERE workspace_id = ? AND id = ?", workspace, id)
    }
}
