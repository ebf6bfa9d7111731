import Models
import Storage

/// All the SQL of tasks: the documents, the edges between them, and their history.
struct TaskStore: Sendable {
    let documents = TaskMigrations.tasks
    let transitions = TaskMigrations.history

    func task(_ id: String, workspace: String, in reader: some SQLReader) throws -> Stored<AgentTask> {
        try documents.get(id, workspace: workspace, in: reader)
    }

    func find(_ id: String, workspace: String, in reader: some SQLReader) throws -> Stored<AgentTask>? {
        try documents.find(id, workspace: workspace, in: reader)
    }

    func list(_ query: ListQuery, workspace: String, in reader: some SQLReader) throws -> Page<AgentTask> {
        try documents.list(query, workspace: workspace, in: reader)
    }

    func insert(_ task: AgentTask, in transaction: Transaction) throws -> Stored<AgentTask> {
        let stored = try documents.insert(task, workspace: task.workspaceID, at: task.createdAt, in: transaction)
        try addEdges(of: task, in: transaction)
        return stored
    }

    func replace(_ old: Stored<AgentTask>, with task: AgentTask, in transaction: Transaction) throws -> Stored<AgentTask> {
        try documents.replace(old, with: task, at: task.updatedAt, in: transaction)
    }

    /// Removes a task with its edges, its history and its runs' records.
    func delete(_ id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run(
            "DELETE FROM task_dependencies WHERE workspace_id = ? AND (task_id = ? OR depends_on = ?)", workspace, id, id)
        try transaction.run("DELETE FROM task_history WHERE workspace_id = ? AND task_id = ?", workspace, id)
        try transaction.run("DELETE FROM task_runs WHERE workspace_id = ? AND task_id = ?", workspace, id)
        try documents.delete(id, workspace: workspace, in: transaction)
    }

    /// Makes the edges what the task's `depends_on` says.
    func setEdges(of task: AgentTask, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM task_dependencies WHERE workspace_id = ? AND task_id = ?", task.workspaceID, task.id)
        try addEdges(of: task, in: transaction)
    }

    private func addEdges(of task: AgentTask, in transaction: Transaction) throws {
        for dependency in task.dependsOn {
            try transaction.run(
                """
                INSERT INTO task_dependencies (workspace_id, task_id, depends_on, is_done) VALUES (?, ?, ?,
                    EXISTS (SELECT 1 FROM tasks WHERE workspace_id = ? AND id = ? AND status = 'completed'))
                """, task.workspaceID, task.id, dependency, task.workspaceID, dependency)
        }
    }

    /// Marks what waited for a task that is now completed.
    func completed(_ task: AgentTask, in transaction: Transaction) throws {
        try transaction.run(
            "UPDATE task_dependencies SET is_done = 1 WHERE workspace_id = ? AND depends_on = ?", task.workspaceID, task.id)
    }

    func exists(_ id: String, workspace: String, in reader: some SQLReader) throws -> Bool {
        try reader.one("SELECT 1 FROM tasks WHERE workspace_id = ? AND id = ?", workspace, id) { $0.bool(0) } ?? false
    }

    /// The ids among a task's dependencies that are not completed.
    func unfinished(dependenciesOf id: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all(
            """
            SELECT d.id FROM task_dependencies e JOIN tasks d ON d.workspace_id = e.workspace_id AND d.id = e.depends_on
            WHERE e.workspace_id = ? AND e.task_id = ? AND e.is_done = 0 ORDER BY d.position, d.id
            """, workspace, id
        ) { $0.text(0) }
    }

    func dependencies(of id: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all("SELECT depends_on FROM task_dependencies WHERE workspace_id = ? AND task_id = ?", workspace, id) {
            $0.text(0)
        }
    }

    func dependents(of id: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all(
            """
            SELECT t.id FROM task_dependencies e JOIN tasks t ON t.workspace_id = e.workspace_id AND t.id = e.task_id
            WHERE e.workspace_id = ? AND e.depends_on = ? ORDER BY t.position, t.id
            """, workspace, id
        ) { $0.text(0) }
    }

    /// Whether a task waits for nothing that is unfinished.
    func isUnblocked(_ id: String, workspace: String, in reader: some SQLReader) throws -> Bool {
        try reader.one(
            "SELECT 1 FROM task_dependencies WHERE workspace_id = ? AND task_id = ? AND is_done = 0", workspace, id
        ) { $0.bool(0) } == nil
    }

    /// The blocked tasks that wait for `id`, which is completed, and for nothing else that is unfinished.
    func unblocked(by id: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all(
            """
            SELECT t.id FROM task_dependencies e JOIN tasks t ON t.workspace_id = e.workspace_id AND t.id = e.task_id
            WHERE e.workspace_id = ? AND e.depends_on = ? AND t.status = 'blocked' AND NOT EXISTS (
                SELECT 1 FROM task_dependencies o
                WHERE o.workspace_id = e.workspace_id AND o.task_id = e.task_id AND o.is_done = 0)
            ORDER BY t.position, t.id
            """, workspace, id
        ) { $0.text(0) }
    }

    /// The ids of the tasks of a goal or a project, in the plan's order.
    func ids(where column: Owner, is id: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all(
            "SELECT id FROM tasks WHERE workspace_id = ? AND \(column.rawValue) = ? ORDER BY position, id", workspace, id
        ) { $0.text(0) }
    }

    /// What owns tasks: the columns that `ids(where:is:)` may look in.
    enum Owner: String {
        case goal = "goal_id"
        case project = "project_id"
    }

    /// A path along dependencies from one of `starts` to `end`, or nil when none of them waits for it, directly or not.
    func path(fromAny starts: [String], to end: String, workspace: String, in reader: some SQLReader) throws -> [String]? {
        var cameFrom: [String: String?] = [:]
        for start in starts { cameFrom[start] = .some(nil) }
        var queue = starts
        var next = 0
        while next < queue.count {
            let id = queue[next]
            next += 1
            if id == end {
                var path = [id]
                while let previous = cameFrom[path[path.count - 1]] ?? nil { path.append(previous) }
                return path.reversed()
            }
            for dependency in try dependencies(of: id, workspace: workspace, in: reader) where cameFrom[dependency] == nil {
                cameFrom[dependency] = id
                queue.append(dependency)
            }
        }
        return nil
    }

    /// Adds a row to a task's history.
    func append(
        _ from: TaskStatus?, _ task: AgentTask, by actor: Actor, reason: String, runID: String?, at now: Timestamp,
        in transaction: Transaction
    ) throws {
        // What came from nowhere is the first.
        let last: Int64? =
            from == nil
            ? nil
            : try transaction.one(
                "SELECT max(sequence) FROM task_history WHERE workspace_id = ? AND task_id = ?", task.workspaceID, task.id
            ) { $0.int(0) }
        let transition = TaskTransition(
            id: Identifier.make("move", at: now), taskID: task.id, sequence: Int(last ?? 0) + 1, from: from, to: task.status,
            by: actor,
            reason: reason, runID: runID, at: now)
        try transitions.insert(transition, workspace: task.workspaceID, at: now, in: transaction)
    }
}
