import Models
import Storage

/// The SQL of agents' work on issues: which tasks were made for which issue, and the runs of those tasks.
struct WorkStore: Sendable {
    static let schema = """
        CREATE TABLE issue_tasks (
            workspace_id TEXT NOT NULL,
            task_id TEXT NOT NULL,
            issue_id TEXT NOT NULL,
            status TEXT NOT NULL,
            PRIMARY KEY (workspace_id, task_id)
        ) WITHOUT ROWID;
        CREATE INDEX issue_tasks_by_issue ON issue_tasks (workspace_id, issue_id);
        CREATE TABLE issue_runs (
            workspace_id TEXT NOT NULL,
            run_id TEXT NOT NULL,
            issue_id TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY (workspace_id, run_id)
        );
        CREATE INDEX issue_runs_by_issue ON issue_runs (workspace_id, issue_id, run_id);
        """

    func add(task: String, of issue: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run(
            "INSERT OR IGNORE INTO issue_tasks (workspace_id, task_id, issue_id, status) VALUES (?, ?, ?, ?)", workspace, task,
            issue, TaskStatus.ready.rawValue)
    }

    func set(_ status: TaskStatus, task: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run(
            "UPDATE issue_tasks SET status = ? WHERE workspace_id = ? AND task_id = ?", status.rawValue, workspace, task)
    }

    /// The issue that a task was made for.
    func issue(of task: String, workspace: String, in reader: any SQLReader) throws -> String? {
        try reader.one("SELECT issue_id FROM issue_tasks WHERE workspace_id = ? AND task_id = ?", workspace, task) { $0.text(0) }
    }

    /// Where tasks stand, as far as is known here.
    func statuses(of tasks: [String], workspace: String, in reader: any SQLReader) throws -> [TaskStatus] {
        try tasks.compactMap { task in
            try reader.one("SELECT status FROM issue_tasks WHERE workspace_id = ? AND task_id = ?", workspace, task) {
                $0.text(0)
            }.flatMap(TaskStatus.init(rawValue:))
        }
    }

    /// Keeps a run as its service tells of it; an older event changes nothing.
    func keep(_ run: Run, of issue: String, at sequence: Int64, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO issue_runs (workspace_id, run_id, issue_id, sequence, document) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (workspace_id, run_id) DO UPDATE SET sequence = excluded.sequence, document = excluded.document
            WHERE excluded.sequence > sequence
            """, run.workspaceID, run.id, issue, sequence, SQLValue.utf8(try DocumentCoding.encode(run)))
    }

    /// The runs of an issue, newest first.
    func runs(of issue: String, limit: Int, workspace: String, in reader: any SQLReader) throws -> [Run] {
        try reader.all(
            "SELECT document FROM issue_runs WHERE workspace_id = ? AND issue_id = ? ORDER BY run_id DESC LIMIT ?", workspace,
            issue, limit
        ) { try DocumentCoding.decode(Run.self, from: $0.bytes(0)) }
    }

    func forget(issue: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM issue_tasks WHERE workspace_id = ? AND issue_id = ?", workspace, issue)
        try transaction.run("DELETE FROM issue_runs WHERE workspace_id = ? AND issue_id = ?", workspace, issue)
    }
}
