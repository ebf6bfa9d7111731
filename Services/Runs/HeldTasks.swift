import Models
import Storage

/// The SQL of tasks that are held: their runs stop at the next turn or block, and do not start.
struct HeldTasks: Sendable {
    func hold(_ task: String, in workspace: String, _ transaction: Transaction) throws {
        try transaction.run("INSERT OR IGNORE INTO held_tasks (workspace_id, task_id) VALUES (?, ?)", workspace, task)
    }

    func release(_ task: String, in workspace: String, _ transaction: Transaction) throws {
        try transaction.run("DELETE FROM held_tasks WHERE workspace_id = ? AND task_id = ?", workspace, task)
    }

    func isHeld(_ task: String, in workspace: String, _ reader: some SQLReader) throws -> Bool {
        try reader.one("SELECT 1 FROM held_tasks WHERE workspace_id = ? AND task_id = ?", workspace, task) { _ in true } ?? false
    }
}
