import Models
import Storage

/// The SQL of what tasks need to know of runs, plans, projects and agents: records of events, and copies of single members.
struct TaskFacts: Sendable {
    /// How a plan stands, as far as its tasks are concerned.
    enum PlanState: String {
        case drafted, approved, cancelled, deleted
    }

    func run(_ id: String, workspace: String, in reader: some SQLReader) throws -> RunRecord? {
        try reader.one(
            "SELECT created_at, attempt, phase FROM task_runs WHERE workspace_id = ? AND run_id = ?", workspace, id
        ) {
            RunRecord(
                runID: id, createdAt: $0.timestamp(0), attempt: Int($0.int(1)),
                phase: RunRecord.Phase(rawValue: Int($0.int(2))) ?? .final)
        }
    }

    func keep(_ run: RunRecord, of task: AgentTask, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO task_runs (workspace_id, run_id, task_id, created_at, attempt, phase) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (workspace_id, run_id) DO UPDATE SET attempt = excluded.attempt, phase = excluded.phase
            """, task.workspaceID, run.runID, task.id, run.createdAt, run.attempt, run.phase.rawValue)
    }

    /// Whether the task's latest run has begun and not ended.
    func hasUnfinishedRun(_ task: AgentTask, in reader: some SQLReader) throws -> Bool {
        guard let runID = task.runID, let record = try run(runID, workspace: task.workspaceID, in: reader) else { return false }
        return record.phase != .final
    }

    func plan(of goal: String, workspace: String, in reader: some SQLReader) throws -> (version: Int, state: PlanState)? {
        try reader.one("SELECT version, state FROM plans WHERE workspace_id = ? AND goal_id = ?", workspace, goal) {
            (Int($0.int(0)), PlanState(rawValue: $0.text(1)) ?? .drafted)
        }
    }

    func keep(plan state: PlanState, version: Int, of goal: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO plans (workspace_id, goal_id, version, state) VALUES (?, ?, ?, ?)
            ON CONFLICT (workspace_id, goal_id) DO UPDATE SET version = excluded.version, state = excluded.state
            """, workspace, goal, version, state.rawValue)
    }

    func keep(_ project: Project, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO projects (workspace_id, id, slug, review, is_deleted) VALUES (?, ?, ?, ?, 0)
            ON CONFLICT (workspace_id, id) DO UPDATE SET slug = excluded.slug, review = excluded.review
            """, project.workspaceID, project.id, project.slug, project.review?.rawValue)
    }

    /// Remembers that a project is gone, so that nothing is added to it by a request that was under way.
    func forget(project id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO projects (workspace_id, id, slug, review, is_deleted) VALUES (?, ?, '', NULL, 1)
            ON CONFLICT (workspace_id, id) DO UPDATE SET slug = '', is_deleted = 1
            """, workspace, id)
    }

    func isDeleted(project id: String, workspace: String, in reader: some SQLReader) throws -> Bool {
        try reader.one("SELECT is_deleted FROM projects WHERE workspace_id = ? AND id = ?", workspace, id) { $0.bool(0) } ?? false
    }

    /// The id of a project, given that or its slug; nil when this service has not heard of it.
    func projectID(_ reference: String, workspace: String, in reader: some SQLReader) throws -> String? {
        try reader.one(
            "SELECT id FROM projects WHERE workspace_id = ? AND is_deleted = 0 AND (id = ? OR slug = ?)", workspace, reference,
            reference
        ) { $0.text(0) }
    }

    func keep(_ agent: Agent, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO agents (workspace_id, id, review) VALUES (?, ?, ?)
            ON CONFLICT (workspace_id, id) DO UPDATE SET review = excluded.review
            """, agent.workspaceID, agent.id, agent.review.rawValue)
    }

    func forget(agent id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM agents WHERE workspace_id = ? AND id = ?", workspace, id)
    }

    /// Whether a human accepts the result of a task: when it, its agent or its project says so.
    func isReviewed(_ task: AgentTask, agent: String, in reader: some SQLReader) throws -> Bool {
        if task.review == .human { return true }
        let human = ReviewPolicy.human.rawValue
        let byAgent = try reader.one(
            "SELECT review = ? FROM agents WHERE workspace_id = ? AND id = ?", human, task.workspaceID, agent
        ) {
            $0.bool(0)
        }
        if byAgent == true { return true }
        let byProject = try reader.one(
            "SELECT review = ? FROM projects WHERE workspace_id = ? AND id = ?", human, task.workspaceID, task.projectID
        ) { $0.bool(0) }
        return byProject == true
    }
}
