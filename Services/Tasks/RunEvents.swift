import Events
import Models
import Storage

/// What the reports of runs do to their tasks.
struct RunEvents: Sendable {
    let ledger: TaskLedger

    func apply(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "run.queued", "run.started", "run.requeued", "run.lost", "run.updated":
            try report(event.entity(Run.self), isFinal: false, event, in: transaction)
        case "run.finished": try report(event.entity(Run.self), isFinal: true, event, in: transaction)
        default: break
        }
    }

    private func report(_ run: Run, isFinal: Bool, _ event: Event, in transaction: Transaction) throws {
        let workspace = event.workspaceID
        // The task may have been deleted meanwhile; its run was told so.
        guard let stored = try ledger.store.find(run.taskID, workspace: workspace, in: transaction) else { return }
        let task = try stored.model()
        let facts = ledger.facts
        let now = ledger.environment.clock.now()
        let verdict = TaskRules.take(
            run, isFinal: isFinal, on: task, known: try facts.run(run.id, workspace: workspace, in: transaction),
            current: try task.runID.flatMap { try facts.run($0, workspace: workspace, in: transaction) },
            isReviewed: try facts.isReviewed(task, agent: run.agentID, in: transaction), at: now)
        switch verdict {
        case .stale: return
        case .recorded(let record): try facts.keep(record, of: task, in: transaction)
        case .taken(let after, let record, let refuses):
            let cause = Cause(
                actor: actor(of: run, event, isFinal: isFinal), workspace: workspace, now: now,
                reason: reason(run, isFinal: isFinal),
                runID: run.id)
            try ledger.save(stored, as: after, cause: cause, record: record, refusesRun: refuses, in: transaction)
        }
    }

    private func actor(of run: Run, _ event: Event, isFinal: Bool) -> Actor {
        if isFinal, run.status == .succeeded || run.status == .failed { return Actor(type: .agent, id: run.agentID) }
        return event.actor ?? run.requestedBy ?? .suite
    }

    private func reason(_ run: Run, isFinal: Bool) -> String {
        switch run.status {
        case .queued, .starting:
            run.attempt > 1 ? "its run was lost and is tried again (attempt \(run.attempt))" : "its run was queued"
        case .running: "its run is at work"
        case .succeeded: "its run succeeded"
        case .failed: "its run failed" + (run.failure.map { ": \($0.message.prefix(200))" } ?? "")
        case .cancelled: "its run was cancelled"
        case .timedOut: "its run took too long"
        case .lost: "its run was lost"
        }
    }
}

/// What is copied from the agents service: whether a human reviews an agent's results.
struct AgentEvents: Sendable {
    let facts: TaskFacts

    func apply(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "agent.created", "agent.updated": try facts.keep(event.entity(Agent.self), in: transaction)
        case "agent.deleted": try facts.forget(agent: event.subjectID, workspace: event.workspaceID, in: transaction)
        default: break
        }
    }
}
