import Events
import Models
import Storage

/// What the events of other services do to runs.
struct RunConsumers: Sendable {
    /// The tasks' events that have an effect here.
    static let taskTypes = ["task.dispatch", "task.interrupted", "task.deleted", "task.paused", "task.resumed"]

    let transitions: RunTransitions

    /// Tasks that are ready start by themselves; those that are interrupted or deleted take their runs with them.
    func task(_ event: Event, in transaction: Transaction) throws {
        let now = transitions.environment.clock.now()
        switch event.type {
        case "task.dispatch": try dispatch(try event.entity(AgentTask.self), event, in: transaction)
        case "task.interrupted":
            try transitions.cancel(
                task: event.subjectID, in: event.workspaceID, reason: "the task was interrupted", actor: event.actor, transaction)
        case "task.deleted":
            try transitions.cancel(
                task: event.subjectID, in: event.workspaceID, reason: "the task was deleted", actor: event.actor, transaction)
            try transitions.held.release(event.subjectID, in: event.workspaceID, at: now, transaction)
        case "task.paused": try transitions.held.hold(event.subjectID, in: event.workspaceID, at: now, transaction)
        case "task.resumed":
            try transitions.held.release(event.subjectID, in: event.workspaceID, at: now, transaction)
            transitions.ring(after: transaction)
        default: break
        }
    }

    /// Keeps the copies of agents as they are.
    func agent(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "agent.created", "agent.updated":
            try transitions.agents.keep(try event.entity(Agent.self), in: transaction)
            transitions.ring(after: transaction)
        case "agent.deleted": try transitions.agentIsGone(event.subjectID, in: event.workspaceID, transaction)
        default: break
        }
    }

    /// Queues a run, unless the task has an active one: the event may come again, and somebody may have been quicker.
    private func dispatch(_ task: AgentTask, _ event: Event, in transaction: Transaction) throws {
        guard let agentID = task.agentID,
            try transitions.work.active(task: task.id, in: event.workspaceID, transaction) == nil
        else { return }
        let now = transitions.environment.clock.now()
        let agent = try transitions.agents.find(agentID, in: event.workspaceID, transaction)
        let run = Run(
            id: Identifier.make("run", at: now), workspaceID: event.workspaceID, taskID: task.id, agentID: agent?.id ?? agentID,
            projectID: task.projectID, goalID: task.goalID, status: .queued,
            timeoutSeconds: RunRules.timeout(requested: nil, agent: agent), requestedBy: event.actor, createdAt: now,
            updatedAt: now)
        _ = try transitions.queue(run, priority: task.priority, timeoutSeconds: nil, actor: event.actor, in: transaction)
    }
}
