import Models
import Service
import Storage

/// What is done to a single task: approve, interrupt, retry; and what it waits for and has been through.
struct TaskActionHandlers: Sendable {
    let tasks: TaskHandlers

    private var store: TaskStore { tasks.store }
    private var ledger: TaskLedger { tasks.ledger }

    func approve(_ call: Call) async throws -> Found<AgentTask> {
        let answer = try await act(call, "approved") { task, isUnblocked in
            try TaskRules.approve(task, isUnblocked: isUnblocked, at: call.now)
        }
        return Found(answer)
    }

    func interrupt(_ call: Call) async throws -> Found<AgentTask> {
        Found(try await interrupted(call))
    }

    func interrupted(_ call: Call) async throws -> Stored<AgentTask> {
        try await act(call, "interrupted by hand") { task, _ in try TaskRules.interrupt(task, at: call.now) }
    }

    func retry(_ call: Call) async throws -> Found<AgentTask> {
        let answer = try await act(call, "tried again") { task, isUnblocked in
            try TaskRules.retry(task, isUnblocked: isUnblocked, at: call.now)
        }
        return Found(answer)
    }

    func dependencies(_ call: Call) async throws -> Reply<TaskDependencies> {
        let id = call.parameter("id")
        let answer = try await call.read { reader in
            let stored = try store.task(id, workspace: call.workspace, in: reader)
            try tasks.checkVisible(stored, to: call)
            return try describe(stored, call, in: reader)
        }
        return Reply(answer)
    }

    func setDependencies(_ call: Call, body: SetDependencies) async throws -> Reply<TaskDependencies> {
        let ids = try TaskInputRules.dependencies(body.dependsOn)
        let answer = try await call.write { transaction in
            let stored = try store.task(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let saved = try ledger.save(
                stored, as: stored.model(), dependingOn: ids, cause: tasks.cause(call, "its dependencies were changed"),
                in: transaction)
            return Reply(try describe(saved, call, in: transaction))
        }
        return answer
    }

    func history(_ call: Call) async throws -> Listing<TaskTransition> {
        let id = call.parameter("id")
        let query = try call.page(filters: [.equals("task_id", id)], order: [.ascending("sequence")])
        let page = try await call.read { reader in
            try tasks.checkVisible(try store.task(id, workspace: call.workspace, in: reader), to: call)
            return try store.transitions.list(query, workspace: call.workspace, in: reader)
        }
        return Listing(page, as: "history")
    }

    private func describe(_ stored: Stored<AgentTask>, _ call: Call, in reader: some SQLReader) throws -> TaskDependencies {
        TaskDependencies(
            dependsOn: try stored.model().dependsOn,
            waitingFor: try store.unfinished(dependenciesOf: stored.id, workspace: call.workspace, in: reader),
            dependents: try store.dependents(of: stored.id, workspace: call.workspace, in: reader))
    }

    /// Applies a rule to a task, and waits until the runs service has heard of it.
    private func act(
        _ call: Call, _ reason: String, _ rule: @escaping @Sendable (AgentTask, _ isUnblocked: Bool) throws -> AgentTask
    ) async throws -> Stored<AgentTask> {
        let stored = try await call.write { transaction in
            let stored = try store.task(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let isUnblocked = try store.isUnblocked(stored.id, workspace: call.workspace, in: transaction)
            let changed = try rule(try stored.model(), isUnblocked)
            return Found(try ledger.save(stored, as: changed, cause: tasks.cause(call, reason), in: transaction))
        }.stored
        await call.environment.outbox.settled(call.environment.outbox.last.value, by: [.runs])
        return stored
    }
}
