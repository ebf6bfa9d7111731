import Storage

/// The schema's steps; append-only.
enum AgentMigrations {
    static let all = [
        Migration("agents", AgentStore.table.schema),
        Migration(
            "agent versions and usage",
            """
            CREATE TABLE agent_versions (
                workspace_id TEXT NOT NULL,
                agent_id TEXT NOT NULL,
                version INTEGER NOT NULL,
                replaced_at INTEGER NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (workspace_id, agent_id, version)
            );
            CREATE TABLE agent_usage (
                workspace_id TEXT NOT NULL,
                agent_id TEXT NOT NULL,
                day TEXT NOT NULL,
                runs INTEGER NOT NULL,
                succeeded INTEGER NOT NULL,
                input_tokens INTEGER NOT NULL,
                output_tokens INTEGER NOT NULL,
                cost_usd REAL NOT NULL,
                PRIMARY KEY (workspace_id, agent_id, day)
            );
            """),
    ]
}
