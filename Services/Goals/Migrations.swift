import Models
import Storage

extension Goal: StoredModel {
    public static var noun: String { "goal" }
}

extension Project: StoredModel {
    public static var noun: String { "project" }
}

extension ProjectActivity: StoredModel {
    public static var noun: String { "activity" }
}

/// The tables of the goals service; append-only.
enum GoalMigrations {
    static let goals = DocumentTable<Goal>(
        "goals",
        columns: [
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("agent_id", .text, index: .filtered) { $0.agentID },
            Column("parent_goal_id", .text, index: .filtered) { $0.parentGoalID },
        ])

    static let projects = DocumentTable<Project>(
        "projects",
        columns: [
            .slug { $0.slug },
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("name", .text, index: .ordered) { $0.name },
            Column("description", .text) { $0.description },
        ],
        indexes: [["updated_at"]])

    static let activity = DocumentTable<ProjectActivity>(
        "project_activity",
        columns: [
            Column("project_id", .text) { $0.projectID },
            Column("sequence", .integer) { $0.sequence },
        ],
        indexes: [["project_id", "sequence"]])

    /// Where the tasks of goals and projects stand, as their own service last said.
    static let taskStates = """
        CREATE TABLE task_states (
            workspace_id TEXT NOT NULL,
            task_id TEXT NOT NULL,
            goal_id TEXT,
            project_id TEXT,
            status TEXT NOT NULL,
            is_planned INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, task_id)
        ) WITHOUT ROWID;
        CREATE INDEX task_states_of_goal ON task_states (workspace_id, goal_id, status);
        CREATE INDEX task_states_of_project ON task_states (workspace_id, project_id);
        """

    static let all: [Migration] = [
        Migration("projects", projects.schema),
        Migration("goals", goals.schema),
        Migration("project activity", activity.schema),
        Migration("task states", taskStates),
    ]
}
