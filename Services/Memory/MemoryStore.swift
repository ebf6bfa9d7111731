import Models
import Storage

extension Models.Memory: StoredModel {
    public static var noun: String { "memory" }
}

extension MemoryApproval: StoredModel {
    public static var noun: String { "memory approval" }
}

/// All the SQL of memories and of those that wait for approval.
struct MemoryStore: Sendable {
    static let memories = DocumentTable<Models.Memory>(
        "memories",
        columns: [
            Column("scope", .text) { $0.scope.rawValue },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("agent_id", .text, index: .filtered) { $0.agentID },
            Column("kind", .text) { $0.kind },
            Column("importance", .real, index: .ordered) { $0.importance },
            Column("expires_at", .integer) { $0.expiresAt },
        ])
    static let approvals = DocumentTable<MemoryApproval>(
        "memory_approvals",
        columns: [
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("project_id", .text) { $0.memory.projectID },
            Column("agent_id", .text) { $0.memory.agentID },
        ])
    /// Snippets are of the content.
    static let texts = FullTextIndex("memory_texts", columns: ["tags", "content"], weights: [2, 1])

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<Models.Memory> {
        try Self.memories.list(query, workspace: workspace, in: reader)
    }

    /// The memory with this id, provided that it meets the filters.
    /// - Throws: 404.
    func get(_ id: String, where filters: [Filter], workspace: String, in reader: any SQLReader) throws -> Stored<Models.Memory> {
        let query = ListQuery(filters: filters + [.equals("id", id)], limit: 1)
        guard let found = try page(query, workspace: workspace, in: reader).items.first else {
            throw ServiceError.notFound(Models.Memory.noun)
        }
        return found
    }

    func insert(_ memory: Models.Memory, at time: Timestamp, in transaction: Transaction) throws -> Stored<Models.Memory> {
        let stored = try Self.memories.insert(memory, workspace: memory.workspaceID, at: time, in: transaction)
        try index(memory, in: transaction)
        return stored
    }

    func replace(
        _ old: Stored<Models.Memory>, with memory: Models.Memory, at time: Timestamp, in transaction: Transaction
    ) throws -> Stored<Models.Memory> {
        let stored = try Self.memories.replace(old, with: memory, at: time, in: transaction)
        try index(memory, in: transaction)
        return stored
    }

    func delete(_ memory: Stored<Models.Memory>, in transaction: Transaction) throws {
        try Self.memories.delete(memory.id, workspace: memory.workspace, in: transaction)
        try Self.texts.delete(memory.id, workspace: memory.workspace, in: transaction)
        try removeTags(of: memory.id, workspace: memory.workspace, in: transaction)
    }

    /// Memories whose time is over, of any workspace.
    func expired(at time: Timestamp, limit: Int, in reader: any SQLReader) throws -> [Stored<Models.Memory>] {
        let rows = try reader.all(
            "SELECT workspace_id, id FROM memories WHERE expires_at <= ? ORDER BY expires_at LIMIT ?", time, limit
        ) { (workspace: $0.text(0), id: $0.text(1)) }
        return try rows.compactMap { try Self.memories.find($0.id, workspace: $0.workspace, in: reader) }
    }

    private func index(_ memory: Models.Memory, in transaction: Transaction) throws {
        try Self.texts.upsert(
            memory.id, [memory.tags.joined(separator: " \n"), memory.content], workspace: memory.workspaceID, in: transaction)
        try removeTags(of: memory.id, workspace: memory.workspaceID, in: transaction)
        for tag in memory.tags {
            _ = try transaction.run(
                "INSERT INTO memory_tags (workspace_id, tag, memory_id) VALUES (?, ?, ?)", memory.workspaceID, tag, memory.id)
        }
    }

    private func removeTags(of id: String, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run("DELETE FROM memory_tags WHERE workspace_id = ? AND memory_id = ?", workspace, id)
    }
}
