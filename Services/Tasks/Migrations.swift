import Models
import Storage

extension AgentTask: StoredModel {
    public static var noun: String { "task" }
}

extension TaskTransition: StoredModel {
    public static var noun: String { "transition" }
}

/// The tables of the tasks service; append-only.
enum TaskMigrations {
    static let tasks = DocumentTable<AgentTask>(
        "tasks",
        columns: [
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("goal_id", .text) { $0.goalID },
            Column("agent_id", .text, index: .filtered) { $0.agentID },
            Column("chat_id", .text, index: .filtered) { $0.chatID },
            Column("issue_id", .text, index: .filtered) { $0.issueID },
            Column("position", .integer) { $0.position },
        ],
        indexes: [["goal_id", "position"]])

    static let history = DocumentTable<TaskTransition>(
        "task_history",
        columns: [
            Column("task_id", .text) { $0.taskID },
            Column("sequence", .integer) { $0.sequence },
        ],
        indexes: [["task_id", "sequence"]])

    /// Edges between tasks (`is_done` once what is depended on is completed, which is final), what is known of runs and
    /// plans, and the little that is copied from projects and agents.
    static let relations = """
        CREATE TABLE task_dependencies (
            workspace_id TEXT NOT NULL,
            task_id TEXT NOT NULL,
            depends_on TEXT NOT NULL,
            is_done INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, task_id, depends_on)
        ) WITHOUT ROWID;
        CREATE INDEX task_dependents ON task_dependencies (workspace_id, depends_on, task_id);
        CREATE INDEX task_waits ON task_dependencies (workspace_id, task_id) WHERE is_done = 0;
        CREATE TABLE task_runs (
            workspace_id TEXT NOT NULL,
            run_id TEXT NOT NULL,
            task_id TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            attempt INTEGER NOT NULL,
            phase INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, run_id)
        ) WITHOUT ROWID;
        CREATE INDEX task_runs_of_task ON task_runs (workspace_id, task_id);
        CREATE TABLE plans (
            workspace_id TEXT NOT NULL,
            goal_id TEXT NOT NULL,
            version INTEGER NOT NULL,
            state TEXT NOT NULL,
            PRIMARY KEY (workspace_id, goal_id)
        ) WITHOUT ROWID;
        CREATE TABLE projects (
            workspace_id TEXT NOT NULL,
            id TEXT NOT NULL,
            slug TEXT NOT NULL,
            review TEXT,
            is_deleted INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, id)
        ) WITHOUT ROWID;
        CREATE INDEX projects_by_slug ON projects (workspace_id, slug);
        CREATE TABLE agents (
            workspace_id TEXT NOT NULL,
            id TEXT NOT NULL,
            review TEXT NOT NULL,
            PRIMARY KEY (workspace_id, id)
        ) WITHOUT ROWID;
        """

    static let all: [Migration] = [
        Migration("tasks", tasks.schema),
        Migration("task history", history.schema),
        Migration("task relations", relations),
    ]
}
