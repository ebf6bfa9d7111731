import Storage

/// The schema's steps; append-only.
enum MemoryMigrations {
    static let all = [
        Migration("memories", MemoryStore.memories.schema + "\n" + MemoryStore.texts.schema),
        Migration(
            "tags and expiry",
            """
            CREATE TABLE memory_tags (
                workspace_id TEXT NOT NULL,
                tag TEXT NOT NULL,
                memory_id TEXT NOT NULL,
                PRIMARY KEY (workspace_id, tag, memory_id)
            ) WITHOUT ROWID;
            CREATE INDEX memory_tags_by_memory ON memory_tags (workspace_id, memory_id);
            CREATE INDEX memories_by_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL;
            """),
        Migration("approvals", MemoryStore.approvals.schema),
    ]
}
