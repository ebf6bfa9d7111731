import Models
import Service
import Storage

/// Who changes something, in which workspace, when, and why.
struct Cause: Sendable {
    let actor: Actor
    let workspace: String
    let now: Timestamp
    /// A short sentence for the history.
    let reason: String
    /// The run whose report it is.
    var runID: String?
}

/// Writes a changed task, and in the same transaction all that follows from it: its history, the events, and what it unblocks.
struct TaskLedger: Sendable {
    let store: TaskStore
    let facts: TaskFacts
    let environment: ServiceEnvironment

    /// Adds a task. One that is `ready` but waits for others becomes `blocked`.
    /// - Throws: 400 for an unknown dependency or a project or goal that is gone.
    @discardableResult
    func add(_ new: AgentTask, cause: Cause, in transaction: Transaction) throws -> Stored<AgentTask> {
        var task = new
        try checkOwners(of: task, in: transaction)
        try checkKnown(task.dependsOn, workspace: cause.workspace, in: transaction)
        var stored = try store.insert(task, in: transaction)
        let isUnblocked =
            try task.dependsOn.isEmpty || store.isUnblocked(task.id, workspace: cause.workspace, in: transaction)
        if let moved = TaskRules.dependenciesChanged(task, isUnblocked: isUnblocked, at: cause.now) {
            stored = try store.replace(stored, with: moved, in: transaction)
            task = moved
        }
        try store.append(nil, task, by: cause.actor, reason: cause.reason, runID: nil, at: cause.now, in: transaction)
        try emit("task.created", task, stored, cause, in: transaction)
        let effects = TaskEffects(before: nil, after: task, hadUnfinishedRun: false, hasUnfinishedRun: false, isByRun: false)
        try announce(effects, task, stored, cause, in: transaction)
        return stored
    }

    /// Writes a task that was changed; a change of nothing writes nothing.
    /// - Parameters:
    ///   - record: what is then known of the run whose report it was.
    ///   - refusesRun: that run must be cancelled.
    @discardableResult
    func save(
        _ old: Stored<AgentTask>, as changed: AgentTask, cause: Cause, record: RunRecord? = nil, refusesRun: Bool = false,
        in transaction: Transaction
    ) throws -> Stored<AgentTask> {
        let before = try old.model()
        let hadUnfinishedRun = try facts.hasUnfinishedRun(before, in: transaction)
        if let record { try facts.keep(record, of: changed, in: transaction) }
        let hasUnfinishedRun = try facts.hasUnfinishedRun(changed, in: transaction)
        var stored = old
        var after = changed
        if after != before {
            try checkOwners(of: after, unlessAsIn: before, in: transaction)
            after.updatedAt = cause.now
            stored = try store.replace(old, with: after, in: transaction)
            if after.dependsOn != before.dependsOn { try store.setEdges(of: after, in: transaction) }
            if after.status != before.status {
                try store.append(
                    before.status, after, by: cause.actor, reason: cause.reason, runID: cause.runID, at: cause.now,
                    in: transaction)
            }
            try emit("task.updated", after, stored, cause, in: transaction)
        }
        var effects = TaskEffects(
            before: before, after: after, hadUnfinishedRun: hadUnfinishedRun, hasUnfinishedRun: hasUnfinishedRun,
            isByRun: record != nil)
        if refusesRun { effects.interrupts = true }
        try announce(effects, after, stored, cause, in: transaction)
        if after.status == .completed, before.status != .completed {
            try store.completed(after, in: transaction)
            try release(
                store.unblocked(by: after.id, workspace: cause.workspace, in: transaction), after: after, cause, in: transaction)
        }
        return stored
    }

    /// Removes a task. What runs of it is interrupted; what waited for it alone goes on without it.
    func remove(_ old: Stored<AgentTask>, cause: Cause, in transaction: Transaction) throws {
        let task = try old.model()
        let dependents = try store.dependents(of: task.id, workspace: cause.workspace, in: transaction)
        if try task.status.isActive || TaskRules.startsByItself(task) || facts.hasUnfinishedRun(task, in: transaction) {
            try emit("task.interrupted", task, old, cause, in: transaction)
        }
        try store.delete(task.id, workspace: cause.workspace, in: transaction)
        try emit("task.deleted", task, old, cause, in: transaction)
        for id in dependents {
            let stored = try store.task(id, workspace: cause.workspace, in: transaction)
            var dependent = try stored.model()
            dependent.dependsOn.removeAll { $0 == task.id }
            try settle(stored, dependent, reason: "a task that it waited for was deleted", cause, in: transaction)
        }
    }

    /// Writes a task whose dependencies changed, `ready` or `blocked` as they now say.
    /// - Throws: 400 for an unknown dependency, 409 naming the cycle that it would close.
    @discardableResult
    func save(
        _ old: Stored<AgentTask>, as changed: AgentTask, dependingOn ids: [String], cause: Cause, in transaction: Transaction
    ) throws -> Stored<AgentTask> {
        guard ids != changed.dependsOn else { return try save(old, as: changed, cause: cause, in: transaction) }
        try TaskRules.checkDependenciesMayChange(old.model())
        try checkKnown(ids, workspace: cause.workspace, in: transaction)
        if let path = try store.path(fromAny: ids, to: changed.id, workspace: cause.workspace, in: transaction) {
            throw ServiceError(
                .conflict, "depends_on: this would close a cycle: " + ([changed.id] + path).joined(separator: " → "),
                code: "cycle",
                field: "depends_on")
        }
        var task = changed
        task.dependsOn = ids
        try store.setEdges(of: task, in: transaction)
        return try settle(old, task, reason: "its dependencies were changed", cause, in: transaction)
    }

    /// Writes a task after its edges changed, with the status that follows.
    @discardableResult
    private func settle(
        _ old: Stored<AgentTask>, _ task: AgentTask, reason: String, _ cause: Cause, in transaction: Transaction
    ) throws -> Stored<AgentTask> {
        let isUnblocked = try store.isUnblocked(task.id, workspace: cause.workspace, in: transaction)
        let moved = TaskRules.dependenciesChanged(task, isUnblocked: isUnblocked, at: cause.now) ?? task
        let why = Cause(actor: cause.actor, workspace: cause.workspace, now: cause.now, reason: reason)
        return try save(old, as: moved, cause: why, in: transaction)
    }

    private func release(_ ids: [String], after task: AgentTask, _ cause: Cause, in transaction: Transaction) throws {
        for id in ids {
            let stored = try store.task(id, workspace: cause.workspace, in: transaction)
            guard let moved = TaskRules.dependenciesChanged(try stored.model(), isUnblocked: true, at: cause.now) else {
                continue
            }
            let why = Cause(
                actor: .suite, workspace: cause.workspace, now: cause.now, reason: "its last dependency \(task.id) was completed")
            try save(stored, as: moved, cause: why, in: transaction)
        }
    }

    private func announce(
        _ effects: TaskEffects, _ task: AgentTask, _ stored: Stored<AgentTask>, _ cause: Cause, in transaction: Transaction
    ) throws {
        if effects.interrupts { try emit("task.interrupted", task, stored, cause, in: transaction) }
        if effects.dispatches { try emit("task.dispatch", task, stored, cause, in: transaction) }
    }

    private func emit(
        _ type: String, _ task: AgentTask, _ stored: Stored<AgentTask>, _ cause: Cause, in transaction: Transaction
    ) throws {
        try environment.emit(
            type, stored, project: task.projectID, workspace: cause.workspace, actor: cause.actor, in: transaction)
    }

    private func checkKnown(_ ids: [String], workspace: String, in transaction: Transaction) throws {
        for id in ids {
            guard try store.exists(id, workspace: workspace, in: transaction) else {
                throw ServiceError.invalid("depends_on", "no such task \"\(id)\"")
            }
        }
    }

    /// A project or goal may have gone while the request was on its way.
    private func checkOwners(of task: AgentTask, unlessAsIn before: AgentTask? = nil, in transaction: Transaction) throws {
        if let project = task.projectID, project != before?.projectID,
            try facts.isDeleted(project: project, workspace: task.workspaceID, in: transaction)
        {
            throw ServiceError.invalid("project_id", "no such project")
        }
        if let goal = task.goalID, goal != before?.goalID,
            try facts.plan(of: goal, workspace: task.workspaceID, in: transaction)?.state == .deleted
        {
            throw ServiceError.invalid("goal_id", "no such goal")
        }
    }
}
