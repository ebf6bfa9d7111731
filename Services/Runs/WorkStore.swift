import Models
import Storage

/// What dispatch knows of a run that has no outcome yet.
struct Work: Sendable, Hashable {
    enum State: String, Sendable, Hashable, SQLBindable {
        case queued, starting, running
    }

    let runID: String
    let workspace: String
    let agentID: String
    let taskID: String
    var state: State
    var attempt: Int
    var losses: Int
    var priority: Int
    var queuedAt: Timestamp
    /// Asked for when the run was made; the agent's own counts otherwise.
    var timeoutSeconds: Double?
    var leaseExpiresAt: Timestamp?
    var deadlineAt: Timestamp?
    /// What the attempts before this one used.
    var earlier = Usage()
}

/// The rows of `run_work`: the queue, the leases, and the fence that every report has to pass.
struct WorkStore: Sendable {
    private static let columns =
        """
        run_id, workspace_id, agent_id, task_id, state, attempt, losses, priority, queued_at, timeout_seconds, lease_expires_at, \
        deadline_at, input_tokens, output_tokens, cost_usd
        """

    /// - Throws: 409 when the task has an active run.
    func insert(_ work: Work, in transaction: Transaction) throws {
        do {
            try transaction.run(
                "INSERT INTO run_work (\(WorkStore.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", work.runID,
                work.workspace, work.agentID, work.taskID, work.state, work.attempt, work.losses, work.priority, work.queuedAt,
                work.timeoutSeconds, work.leaseExpiresAt, work.deadlineAt, work.earlier.inputTokens, work.earlier.outputTokens,
                work.earlier.costUSD)
        } catch StorageError.uniqueViolation {
            throw RunRules.active(task: work.taskID)
        }
    }

    func find(_ run: String, _ reader: some SQLReader) throws -> Work? {
        try reader.one("SELECT \(WorkStore.columns) FROM run_work WHERE run_id = ?", run, map: WorkStore.work)
    }

    /// The one active run of a task.
    func active(task: String, in workspace: String, _ reader: some SQLReader) throws -> Work? {
        try reader.one(
            "SELECT \(WorkStore.columns) FROM run_work WHERE workspace_id = ? AND task_id = ?", workspace, task,
            map: WorkStore.work)
    }

    /// What has been handed to a runner and has no outcome.
    func dispatched(_ reader: some SQLReader) throws -> [Work] {
        try reader.all("SELECT \(WorkStore.columns) FROM run_work WHERE state <> 'queued' ORDER BY run_id", map: WorkStore.work)
    }

    /// The queued runs of one agent.
    func queued(agent: String, in workspace: String, _ reader: some SQLReader) throws -> [Work] {
        try reader.all(
            "SELECT \(WorkStore.columns) FROM run_work WHERE state = 'queued' AND workspace_id = ? AND agent_id = ?", workspace,
            agent,
            map: WorkStore.work)
    }

    /// Takes the first queued run that may start: by priority, then age; its agent is enabled and has a place free, and so has
    /// the machine. Status and lease change in this one statement, on condition that the run is still queued.
    /// - Returns: nil when none may start.
    func claim(runsMax: Int, leaseExpiresAt: Timestamp, in transaction: Transaction) throws -> Work? {
        try transaction.one(
            """
            UPDATE run_work SET state = 'starting', lease_expires_at = ?
            WHERE state = 'queued' AND run_id = (
                SELECT w.run_id FROM run_work w JOIN agents a ON a.workspace_id = w.workspace_id AND a.id = w.agent_id
                WHERE w.state = 'queued' AND a.enabled = 1
                    AND (SELECT count(*) FROM run_processes) < ?
                    AND (SELECT count(*) FROM run_processes p WHERE p.workspace_id = w.workspace_id AND p.agent_id = w.agent_id)
                        < a.max_concurrent_runs
                    AND NOT EXISTS (SELECT 1 FROM run_processes p WHERE p.run_id = w.run_id)
                    AND \(HeldTasks.timeGoesOn)
                ORDER BY w.priority DESC, w.queued_at, w.run_id LIMIT 1)
            RETURNING \(WorkStore.columns)
            """, leaseExpiresAt, runsMax, map: WorkStore.work)
    }

    /// Whether `claim` would find one: asked first, so that no write is made in vain.
    func hasClaimable(runsMax: Int, _ reader: some SQLReader) throws -> Bool {
        try reader.one(
            """
            SELECT 1 FROM run_work w JOIN agents a ON a.workspace_id = w.workspace_id AND a.id = w.agent_id
            WHERE w.state = 'queued' AND a.enabled = 1 AND (SELECT count(*) FROM run_processes) < ?
                AND (SELECT count(*) FROM run_processes p WHERE p.workspace_id = w.workspace_id AND p.agent_id = w.agent_id)
                    < a.max_concurrent_runs
                AND NOT EXISTS (SELECT 1 FROM run_processes p WHERE p.run_id = w.run_id)
                AND \(HeldTasks.timeGoesOn)
            LIMIT 1
            """, runsMax
        ) { _ in true } ?? false
    }

    /// Agents of queued runs of which nothing is known here.
    func unknownAgents(_ reader: some SQLReader) throws -> [(workspace: String, agent: String)] {
        try reader.all(
            """
            SELECT DISTINCT w.workspace_id, w.agent_id FROM run_work w
            WHERE w.state = 'queued'
                AND NOT EXISTS (SELECT 1 FROM agents a WHERE a.workspace_id = w.workspace_id AND a.id = w.agent_id)
            """
        ) { ($0.text(0), $0.text(1)) }
    }

    /// Lets a report through, or not.
    /// - Throws: 409 when the run has its outcome, or a later attempt has begun, or this one is not under way.
    func fence(_ run: String, attempt: Int, in transaction: some SQLReader) throws -> Work {
        guard let work = try find(run, transaction) else {
            throw ServiceError.conflict("the run has ended: nothing more is taken from it", code: "run_ended")
        }
        guard work.attempt == attempt, work.state != .queued else {
            throw ServiceError.conflict(
                "attempt \(attempt) of the run is over: nothing more is taken from it", code: "stale_attempt")
        }
        return work
    }

    /// Renews the lease of an attempt that is under way, in one conditional statement.
    /// - Returns: false when it is not.
    func renew(_ run: String, attempt: Int, until expiry: Timestamp, in transaction: Transaction) throws -> Bool {
        try transaction.run(
            """
            UPDATE run_work SET lease_expires_at = ?, state = 'running' WHERE run_id = ? AND attempt = ? AND state <> 'queued'
            """, expiry, run, attempt) == 1
    }

    func set(deadline: Timestamp, _ work: Work, in transaction: Transaction) throws {
        try transaction.run(
            "UPDATE run_work SET deadline_at = ? WHERE run_id = ? AND attempt = ?", deadline, work.runID, work.attempt)
    }

    /// Puts an attempt that is under way back into the queue as the next one, at the place in it that the run has had.
    /// - Returns: false when it is not under way any more.
    func requeue(_ work: Work, losses: Int, used: Usage, in transaction: Transaction) throws -> Bool {
        try transaction.run(
            """
            UPDATE run_work SET state = 'queued', attempt = attempt + 1, losses = ?, lease_expires_at = NULL, deadline_at = NULL,
                input_tokens = ?, output_tokens = ?, cost_usd = ?
            WHERE run_id = ? AND attempt = ? AND state <> 'queued'
            """, losses, used.inputTokens, used.outputTokens, used.costUSD, work.runID, work.attempt) == 1
    }

    /// Takes a run off the list: it has its outcome.
    /// - Returns: false when it had one already, or another attempt has begun.
    func remove(_ work: Work, in transaction: Transaction) throws -> Bool {
        try transaction.run("DELETE FROM run_work WHERE run_id = ? AND attempt = ?", work.runID, work.attempt) == 1
    }

    /// Gives every attempt that is under way a whole lease again: nobody could renew it while the service was away.
    func rearm(until expiry: Timestamp, in transaction: Transaction) throws {
        try transaction.run("UPDATE run_work SET lease_expires_at = ? WHERE state <> 'queued'", expiry)
    }

    /// Attempts whose lease has expired, or whose time is over.
    func due(at time: Timestamp, _ reader: some SQLReader) throws -> [Work] {
        try reader.all(
            """
            SELECT \(WorkStore.columns) FROM run_work w WHERE state <> 'queued'
                AND (lease_expires_at <= ? OR (deadline_at <= ? AND \(HeldTasks.timeGoesOn)))
            """, time, time, map: WorkStore.work)
    }

    /// When the next of them is due; nil when nothing is under way.
    func nextDue(_ reader: some SQLReader) throws -> Timestamp? {
        try reader.one(
            """
            SELECT min(min(lease_expires_at, CASE WHEN \(HeldTasks.timeGoesOn)
                THEN coalesce(deadline_at, lease_expires_at) ELSE lease_expires_at END))
            FROM run_work w WHERE state <> 'queued'
            """
        ) { $0.timestampOrNil(0) } ?? nil
    }

    private static func work(_ row: Row) -> Work {
        Work(
            runID: row.text(0), workspace: row.text(1), agentID: row.text(2), taskID: row.text(3),
            state: Work.State(rawValue: row.text(4)) ?? .queued, attempt: Int(row.int(5)), losses: Int(row.int(6)),
            priority: Int(row.int(7)), queuedAt: row.timestamp(8), timeoutSeconds: row.doubleOrNil(9),
            leaseExpiresAt: row.timestampOrNil(10), deadlineAt: row.timestampOrNil(11),
            earlier: Usage(inputTokens: row.int(12), outputTokens: row.int(13), costUSD: row.double(14)))
    }
}
