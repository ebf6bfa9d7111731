import Events
import HTTP
import Identity
import Models
import Service
import Storage

/// Every change of a run's status: the document, the dispatch rows, the event and whom to wake, in one transaction.
struct RunTransitions: Sendable {
    /// How long a runner that has reported its result may take to clean up and end by itself.
    static let afterResultSeconds: Double = 10

    let environment: ServiceEnvironment
    let runs = RunStore()
    let work = WorkStore()
    let processes = ProcessStore()
    let tokens = TokenStore()
    let agents = AgentCopies()
    let held = HeldTasks()
    /// Told after each commit that gives dispatch something to do.
    let bell: Bell
    /// Told of runs that have ended, so that streams of their logs end too.
    let logs: LogStore

    private var now: Timestamp { environment.clock.now() }
    private var leaseEnd: Timestamp { now.adding(seconds: environment.configuration.leaseSeconds) }

    /// Puts a new run into the queue.
    /// - Parameter timeoutSeconds: what was asked for, if anything was.
    /// - Throws: 409 when its task has an active run.
    func queue(
        _ run: Run, priority: Priority, timeoutSeconds: Double?, actor: Actor?, in transaction: Transaction
    ) throws -> Stored<Run> {
        try work.insert(
            Work(
                runID: run.id, workspace: run.workspaceID, agentID: run.agentID, taskID: run.taskID, state: .queued,
                attempt: run.attempt,
                losses: 0, priority: priority.rank, queuedAt: run.createdAt, timeoutSeconds: timeoutSeconds), in: transaction)
        let stored = try runs.table.insert(run, workspace: run.workspaceID, at: run.createdAt, in: transaction)
        try emit("run.queued", stored, run, actor, in: transaction)
        ring(after: transaction)
        return stored
    }

    /// What a launcher needs to start an attempt.
    struct Claim: Sendable {
        let work: Work
        let run: Run
        let agent: Agent
        /// The agent's token; here, in the runner's environment, and nowhere else.
        let token: String
    }

    /// Takes the next run that may start; nil when none may.
    func claim(in transaction: Transaction) throws -> Claim? {
        guard let claimed = try work.claim(runsMax: environment.configuration.runsMax, leaseExpiresAt: leaseEnd, in: transaction),
            let agent = try agents.find(claimed.agentID, in: claimed.workspace, transaction)
        else { return nil }
        let stored = try runs.run(claimed.runID, in: claimed.workspace, transaction)
        var run = try stored.model()
        run.status = .starting
        run.timeoutSeconds = RunRules.timeout(requested: claimed.timeoutSeconds, agent: agent)
        run.updatedAt = now
        try runs.table.replace(stored, with: run, at: now, in: transaction)
        try work.set(deadline: now.adding(seconds: run.timeoutSeconds), claimed, in: transaction)
        try processes.insert(claimed, in: transaction)
        let token = AgentToken.make()
        try tokens.insert(
            token.hash,
            RunBinding(
                runID: run.id, attempt: run.attempt, agentID: run.agentID, taskID: run.taskID, projectID: run.projectID,
                workspace: run.workspaceID, memoryReadScopes: agent.memoryPolicy.readScopes.map(\.rawValue),
                memoryWriteScopes: agent.memoryPolicy.writeScopes.map(\.rawValue)),
            at: now, in: transaction)
        return Claim(work: claimed, run: run, agent: agent, token: token.secret)
    }

    /// A sign of life: renews the lease; the first one of an attempt makes the run `running`.
    /// - Throws: 409 when the attempt is over.
    func renew(_ binding: RunBinding, in transaction: Transaction) throws -> Stored<Run> {
        let before = try work.fence(binding.runID, attempt: binding.attempt, in: transaction)
        guard try work.renew(binding.runID, attempt: binding.attempt, until: leaseEnd, in: transaction) else {
            throw ServiceError.internal("a fenced lease was not renewed")
        }
        let stored = try runs.run(binding.runID, in: binding.workspace, transaction)
        var run = try stored.model()
        run.heartbeatAt = now
        run.updatedAt = now
        let starts = before.state == .starting
        if starts {
            run.status = .running
            run.startedAt = run.startedAt ?? now
        }
        let renewed = try runs.table.replace(stored, with: run, at: now, in: transaction)
        if starts { try emit("run.started", renewed, run, nil, in: transaction) }
        return renewed
    }

    /// Takes what an attempt says that it has used so far; a run over its agent's budget is failed at once.
    /// - Throws: 409 when the attempt is over.
    func use(_ usage: Usage, _ binding: RunBinding, in transaction: Transaction) throws -> Stored<Run> {
        let current = try work.fence(binding.runID, attempt: binding.attempt, in: transaction)
        let stored = try runs.run(binding.runID, in: binding.workspace, transaction)
        var run = try stored.model()
        run.usage = RunRules.usage(run.usage, earlier: current.earlier, reported: usage)
        run.updatedAt = now
        let used = try runs.table.replace(stored, with: run, at: now, in: transaction)
        guard let agent = try agents.find(run.agentID, in: run.workspaceID, transaction) else { return used }
        let today = RunRules.startOfDay(now)
        let cost = try runs.cost(of: agent.id, in: run.workspaceID, since: today, transaction)
        // A run that began before midnight counts with all that it costs.
        let costToday = run.createdAt < today ? cost + run.usage.costUSD : cost
        guard let problem = RunRules.overBudget(run.usage, costToday: costToday, agent.budget) else { return used }
        let outcome = RunOutcome(.failed, Failure(.overBudget, problem))
        return try finish(used, current, as: outcome, report: nil, actor: nil, in: transaction)
    }

    /// Gives a run its one outcome.
    /// - Parameter report: the digest of the runner's report, when it was reported.
    func finish(
        _ stored: Stored<Run>, _ current: Work, as outcome: RunOutcome, report: [UInt8]?, actor: Actor?,
        in transaction: Transaction
    ) throws -> Stored<Run> {
        guard try work.remove(current, in: transaction) else {
            throw ServiceError.conflict("the run has ended", code: "run_ended")
        }
        var run = try stored.model()
        run.status = outcome.status
        run.failure = outcome.failure
        run.summary = outcome.summary
        run.exitCode = outcome.exitCode
        run.branch = outcome.branch
        run.commit = outcome.commit
        run.updatedAt = now
        run.finishedAt = now
        let finished = try runs.table.replace(stored, with: run, at: now, in: transaction)
        try runs.keepResult(
            RunStore.KeptResult(attempt: run.attempt, report: report, output: outcome.output), of: run.id, in: transaction)
        try processes.doom(
            run.id, at: report == nil ? now : now.adding(seconds: RunTransitions.afterResultSeconds), in: transaction)
        try emit("run.finished", finished, run, actor, in: transaction)
        transaction.afterCommit { [bell, logs, run] in
            logs.end(run.id, as: run.status, saying: report == nil ? run.failure?.message : nil)
            bell.ring()
        }
        return finished
    }

    /// An attempt is gone without an outcome: the next one is queued, or the run is lost for good.
    /// - Parameter why: in words, for the failure and the log.
    func lose(_ current: Work, why: String, in transaction: Transaction) throws {
        let stored = try runs.run(current.runID, in: current.workspace, transaction)
        var run = try stored.model()
        let losses = current.losses + 1
        let agent = try agents.find(current.agentID, in: current.workspace, transaction)
        run.status = .lost
        run.failure = Failure(.lostHeartbeat, why)
        run.updatedAt = now
        let lost = try runs.table.replace(stored, with: run, at: now, in: transaction)
        try emit("run.lost", lost, run, nil, in: transaction)
        guard RunRules.isRetried(losses: losses, by: agent?.retry ?? RetryPolicy()) else {
            _ = try finish(lost, current, as: .lost(why, attempts: run.attempt), report: nil, actor: nil, in: transaction)
            return
        }
        try requeue(lost, current, losses: losses, saying: "attempt \(current.attempt) is lost: \(why)", in: transaction)
    }

    /// Puts an attempt that is under way back into the queue, as the next one.
    /// - Parameter losses: of the run so far; handing it over is none.
    func requeue(
        _ stored: Stored<Run>, _ current: Work, losses: Int, saying why: String, in transaction: Transaction
    ) throws {
        var run = try stored.model()
        guard try work.requeue(current, losses: losses, used: run.usage, in: transaction) else { return }
        run.status = .queued
        run.attempt = current.attempt + 1
        run.failure = nil
        run.heartbeatAt = nil
        run.updatedAt = now
        let queued = try runs.table.replace(stored, with: run, at: now, in: transaction)
        try processes.doom(run.id, at: now, in: transaction)
        try emit("run.requeued", queued, run, nil, in: transaction)
        transaction.afterCommit { [bell, logs, run] in
            logs.note(run.id, "\(why); queued again as attempt \(run.attempt)")
            bell.ring()
        }
    }

    /// Cancels the active run of a task, if it has one.
    func cancel(task: String, in workspace: String, reason: String, actor: Actor?, _ transaction: Transaction) throws {
        guard let current = try work.active(task: task, in: workspace, transaction) else { return }
        let stored = try runs.run(current.runID, in: workspace, transaction)
        _ = try finish(stored, current, as: .cancelled(reason), report: nil, actor: actor, in: transaction)
    }

    /// An agent is no more: what waits in the queue for it fails. What runs already goes on.
    func agentIsGone(_ agent: String, in workspace: String, _ transaction: Transaction) throws {
        try agents.remove(agent, in: workspace, transaction)
        for queued in try work.queued(agent: agent, in: workspace, transaction) {
            let stored = try runs.run(queued.runID, in: workspace, transaction)
            let outcome = RunOutcome(.failed, Failure(.agentMissing, "the agent \(agent) is no more"))
            _ = try finish(stored, queued, as: outcome, report: nil, actor: nil, in: transaction)
        }
    }

    func ring(after transaction: Transaction) { transaction.afterCommit { [bell] in bell.ring() } }

    private func emit(_ type: String, _ stored: Stored<Run>, _ run: Run, _ actor: Actor?, in transaction: Transaction) throws {
        try environment.emit(
            type, stored, project: run.projectID, workspace: run.workspaceID, actor: actor, in: transaction)
    }
}
