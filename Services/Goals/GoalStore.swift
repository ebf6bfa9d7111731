import Models
import Storage

/// All the SQL of goals and of where their tasks stand.
struct GoalStore: Sendable {
    let goals = GoalMigrations.goals

    func goal(_ id: String, workspace: String, in reader: some SQLReader) throws -> Stored<Goal> {
        try goals.get(id, workspace: workspace, in: reader)
    }

    func list(_ query: ListQuery, workspace: String, in reader: some SQLReader) throws -> Page<Goal> {
        try goals.list(query, workspace: workspace, in: reader)
    }

    func insert(_ goal: Goal, in transaction: Transaction) throws -> Stored<Goal> {
        try goals.insert(goal, workspace: goal.workspaceID, at: goal.createdAt, in: transaction)
    }

    func replace(_ old: Stored<Goal>, with goal: Goal, in transaction: Transaction) throws -> Stored<Goal> {
        try goals.replace(old, with: goal, at: goal.updatedAt, in: transaction)
    }

    func delete(_ id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM task_states WHERE workspace_id = ? AND goal_id = ?", workspace, id)
        try goals.delete(id, workspace: workspace, in: transaction)
    }

    func ids(ofProject project: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all(
            "SELECT id FROM goals WHERE workspace_id = ? AND project_id = ? ORDER BY created_at, id", workspace, project
        ) {
            $0.text(0)
        }
    }

    /// How many goals of a project stand where.
    func statuses(ofProject project: String, workspace: String, in reader: some SQLReader) throws -> [GoalStatus: Int] {
        var counts: [GoalStatus: Int] = [:]
        try reader.each(
            "SELECT status, count(*) FROM goals WHERE workspace_id = ? AND project_id = ? GROUP BY status", workspace, project
        ) { row in
            if let status = GoalStatus(rawValue: row.text(0)) { counts[status] = Int(row.int(1)) }
        }
        return counts
    }

    /// Whether `goal` is `ancestor`, or below it.
    func isWithin(_ goal: String, _ ancestor: String, workspace: String, in reader: some SQLReader) throws -> Bool {
        var seen: Set<String> = []
        var next: String? = goal
        while let id = next, seen.insert(id).inserted {
            if id == ancestor { return true }
            next =
                try reader.one("SELECT parent_goal_id FROM goals WHERE workspace_id = ? AND id = ?", workspace, id) {
                    $0.textOrNil(0)
                } ?? nil
        }
        return false
    }

    /// Where a task last stood, and of which goal it was.
    func state(ofTask id: String, workspace: String, in reader: some SQLReader) throws -> (status: TaskStatus, goal: String?)? {
        try reader.one("SELECT status, goal_id FROM task_states WHERE workspace_id = ? AND task_id = ?", workspace, id) {
            (TaskStatus(rawValue: $0.text(0)) ?? .draft, $0.textOrNil(1))
        }
    }

    func keep(_ task: AgentTask, isPlanned: Bool, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO task_states (workspace_id, task_id, goal_id, project_id, status, is_planned) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (workspace_id, task_id) DO UPDATE SET
                goal_id = excluded.goal_id, project_id = excluded.project_id, status = excluded.status
            """, task.workspaceID, task.id, task.goalID, task.projectID, task.status.rawValue, isPlanned)
    }

    func forget(task id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM task_states WHERE workspace_id = ? AND task_id = ?", workspace, id)
    }

    func forget(project id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM task_states WHERE workspace_id = ? AND project_id = ?", workspace, id)
    }

    /// The tasks that were drafted for a goal.
    func plannedTasks(of goal: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all(
            "SELECT task_id FROM task_states WHERE workspace_id = ? AND goal_id = ? AND is_planned = 1 ORDER BY task_id",
            workspace, goal
        ) { $0.text(0) }
    }

    /// How many tasks of a goal stand where.
    func counts(of goal: String, workspace: String, in reader: some SQLReader) throws -> [TaskStatus: Int] {
        var counts: [TaskStatus: Int] = [:]
        try reader.each(
            "SELECT status, count(*) FROM task_states WHERE workspace_id = ? AND goal_id = ? GROUP BY status", workspace, goal
        ) { row in
            if let status = TaskStatus(rawValue: row.text(0)) { counts[status] = Int(row.int(1)) }
        }
        return counts
    }
}
