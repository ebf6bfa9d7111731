import Storage

extension RunsService {
    /// Append-only: what has been released is never edited.
    public static let migrations: [Migration] = [
        Migration("runs", RunStore.table.schema),
        Migration(
            "dispatch",
            """
            -- The runs that have no outcome yet.
            CREATE TABLE run_work (
                run_id TEXT PRIMARY KEY,
                workspace_id TEXT NOT NULL,
                agent_id TEXT NOT NULL,
                task_id TEXT NOT NULL,
                state TEXT NOT NULL,
                attempt INTEGER NOT NULL,
                losses INTEGER NOT NULL,
                priority INTEGER NOT NULL,
                queued_at INTEGER NOT NULL,
                timeout_seconds REAL,
                lease_expires_at INTEGER,
                deadline_at INTEGER,
                input_tokens INTEGER NOT NULL,
                output_tokens INTEGER NOT NULL,
                cost_usd REAL NOT NULL
            ) WITHOUT ROWID;
            -- One active run per task.
            CREATE UNIQUE INDEX run_work_task ON run_work (workspace_id, task_id);
            CREATE INDEX run_work_queue ON run_work (state, priority DESC, queued_at, run_id);

            -- The attempts whose processes are not known to be gone: what takes up a place of its agent.
            CREATE TABLE run_processes (
                run_id TEXT NOT NULL,
                attempt INTEGER NOT NULL,
                workspace_id TEXT NOT NULL,
                agent_id TEXT NOT NULL,
                identity TEXT,
                kill_at INTEGER,
                PRIMARY KEY (run_id, attempt)
            ) WITHOUT ROWID;
            CREATE INDEX run_processes_agent ON run_processes (workspace_id, agent_id);

            CREATE TABLE agent_tokens (
                hash BLOB PRIMARY KEY,
                run_id TEXT NOT NULL,
                attempt INTEGER NOT NULL,
                binding TEXT NOT NULL,
                created_at INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE INDEX agent_tokens_created ON agent_tokens (created_at);

            CREATE TABLE run_results (
                run_id TEXT PRIMARY KEY,
                attempt INTEGER NOT NULL,
                report BLOB,
                output TEXT NOT NULL
            ) WITHOUT ROWID;

            CREATE TABLE artifacts (
                run_id TEXT NOT NULL,
                attempt INTEGER NOT NULL,
                name TEXT NOT NULL,
                bytes INTEGER NOT NULL,
                sha256 TEXT NOT NULL,
                content_type TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (run_id, attempt, name)
            ) WITHOUT ROWID;

            -- What the agents service says of its agents, as far as dispatch needs it.
            CREATE TABLE agents (
                workspace_id TEXT NOT NULL,
                id TEXT NOT NULL,
                slug TEXT NOT NULL,
                version INTEGER NOT NULL,
                enabled INTEGER NOT NULL,
                max_concurrent_runs INTEGER NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (workspace_id, id)
            ) WITHOUT ROWID;
            CREATE INDEX agents_slug ON agents (workspace_id, slug);
            """),
        Migration(
            "held tasks",
            """
            -- Tasks whose runs are to stop at their next turn or block, and not to start.
            CREATE TABLE held_tasks (
                workspace_id TEXT NOT NULL,
                task_id TEXT NOT NULL,
                held_at INTEGER NOT NULL,
                PRIMARY KEY (workspace_id, task_id)
            ) WITHOUT ROWID;
            """),
    ]
}
