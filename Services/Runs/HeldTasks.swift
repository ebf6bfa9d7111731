import Models
import Storage

/// The SQL of tasks that are held: their runs stop at the next turn or block, and do not start. The time that they wait is not
/// theirs: their deadlines move on by it.
struct HeldTasks: Sendable {
    /// Leaves rows of `run_work w` whose time goes on.
    static let timeGoesOn =
        "NOT EXISTS (SELECT 1 FROM held_tasks h WHERE h.workspace_id = w.workspace_id AND h.task_id = w.task_id)"

    func hold(_ task: String, in workspace: String, at now: Timestamp, _ transaction: Transaction) throws {
        try transaction.run(
            "INSERT OR IGNORE INTO held_tasks (workspace_id, task_id, held_at) VALUES (?, ?, ?)", workspace, task, now)
    }

    func release(_ task: String, in workspace: String, at now: Timestamp, _ transaction: Transaction) throws {
        try transaction.run(
            """
            UPDATE run_work SET deadline_at = deadline_at + ?3 -
                coalesce((SELECT held_at FROM held_tasks WHERE workspace_id = ?1 AND task_id = ?2), ?3)
            WHERE workspace_id = ?1 AND task_id = ?2 AND deadline_at IS NOT NULL
            """, workspace, task, now)
        try transaction.run("DELETE FROM held_tasks WHERE workspace_id = ? AND task_id = ?", workspace, task)
    }

    func isHeld(_ task: String, in workspace: String, _ reader: some SQLReader) throws -> Bool {
        try reader.one("SELECT 1 FROM held_tasks WHERE workspace_id = ? AND task_id = ?", workspace, task) { _ in true } ?? false
    }
}
