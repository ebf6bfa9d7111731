import Events
import Models
import Storage

/// What the goals service's events do to tasks: drafts appear, are released or cancelled with their plan, and go with their
/// project.
///
/// The goals service alone decides what becomes of a plan, whichever way it was approved or rejected, so nothing here races
/// with it.
struct PlanEvents: Sendable {
    let ledger: TaskLedger

    private var store: TaskStore { ledger.store }
    private var facts: TaskFacts { ledger.facts }

    func apply(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "goal.drafted": try drafted(event.entity(GoalDrafted.self), event, in: transaction)
        case "goal.approved": try decided(.approved, event.entity(Goal.self), event, in: transaction)
        case "goal.cancelled": try decided(.cancelled, event.entity(Goal.self), event, in: transaction)
        case "goal.deleted": try goalDeleted(event.entity(Goal.self), event, in: transaction)
        case "project.created", "project.updated": try facts.keep(event.entity(Project.self), in: transaction)
        case "project.deleted": try projectDeleted(event, in: transaction)
        default: break
        }
    }

    private func cause(_ event: Event, _ reason: String) -> Cause {
        Cause(
            actor: event.actor ?? .suite, workspace: event.workspaceID, now: ledger.environment.clock.now(), reason: reason)
    }

    /// Adds the drafts, in place of those of an earlier plan of the same goal.
    private func drafted(_ plan: GoalDrafted, _ event: Event, in transaction: Transaction) throws {
        let goal = plan.goal
        let known = try facts.plan(of: goal.id, workspace: event.workspaceID, in: transaction)
        if let known, known.state == .deleted || known.version > goal.planVersion { return }
        // Last first, here and below, so that nothing is unblocked by what goes with it.
        let old = Set(plan.replaces ?? [])
        for id in try store.ids(where: .goal, is: goal.id, workspace: event.workspaceID, in: transaction).reversed()
        where old.contains(id) {
            try replaced(id, event, in: transaction)
        }
        let missing = try inOrder(plan.tasks).filter {
            try store.find($0.id, workspace: event.workspaceID, in: transaction) == nil
        }
        for task in missing { try ledger.add(task, cause: cause(event, "drafted with the plan"), in: transaction) }
        guard let known, known.version == goal.planVersion, known.state != .drafted else {
            return try facts.keep(
                plan: .drafted, version: goal.planVersion, of: goal.id, workspace: event.workspaceID, in: transaction)
        }
        try settle(known.state, goal, event, in: transaction)
    }

    /// Tasks so that each comes after all that it depends on: edges are checked as they are added.
    private func inOrder(_ tasks: [AgentTask]) throws -> [AgentTask] {
        let byID = Dictionary(tasks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let graph = try PlanGraph(nodes: tasks.map { ($0.id, $0.dependsOn.filter { byID[$0] != nil }) }, field: "tasks")
        guard let order = graph.order() else { throw ServiceError.internal("a drafted plan has a cycle") }
        return order.compactMap { byID[$0] }
    }

    /// A task of a plan that was drafted anew: a draft goes, what had begun already is stopped.
    private func replaced(_ id: String, _ event: Event, in transaction: Transaction) throws {
        guard let stored = try store.find(id, workspace: event.workspaceID, in: transaction) else { return }
        let task = try stored.model()
        let why = cause(event, "the plan was drafted anew")
        if task.status == .draft { return try ledger.remove(stored, cause: why, in: transaction) }
        if let changed = TaskRules.planCancelled(task, at: why.now) {
            try ledger.save(stored, as: changed, cause: why, in: transaction)
        }
    }

    private func decided(_ state: TaskFacts.PlanState, _ goal: Goal, _ event: Event, in transaction: Transaction) throws {
        let known = try facts.plan(of: goal.id, workspace: event.workspaceID, in: transaction)
        if let known, known.state == .deleted || known.version > goal.planVersion { return }
        if known?.version == goal.planVersion, known?.state == state { return }
        try facts.keep(plan: state, version: goal.planVersion, of: goal.id, workspace: event.workspaceID, in: transaction)
        try settle(state, goal, event, in: transaction)
    }

    private func settle(_ state: TaskFacts.PlanState, _ goal: Goal, _ event: Event, in transaction: Transaction) throws {
        let why = cause(event, state == .approved ? "the plan was approved" : "the plan was cancelled")
        for id in try store.ids(where: .goal, is: goal.id, workspace: event.workspaceID, in: transaction) {
            let stored = try store.task(id, workspace: event.workspaceID, in: transaction)
            let task = try stored.model()
            let isUnblocked = try store.isUnblocked(id, workspace: event.workspaceID, in: transaction)
            let changed =
                state == .approved
                ? TaskRules.planApproved(task, isUnblocked: isUnblocked, at: why.now) : TaskRules.planCancelled(task, at: why.now)
            if let changed { try ledger.save(stored, as: changed, cause: why, in: transaction) }
        }
    }

    private func goalDeleted(_ goal: Goal, _ event: Event, in transaction: Transaction) throws {
        try facts.keep(plan: .deleted, version: goal.planVersion, of: goal.id, workspace: event.workspaceID, in: transaction)
        try remove(where: .goal, is: goal.id, cause(event, "its goal was deleted"), in: transaction)
    }

    private func projectDeleted(_ event: Event, in transaction: Transaction) throws {
        try facts.forget(project: event.subjectID, workspace: event.workspaceID, in: transaction)
        try remove(where: .project, is: event.subjectID, cause(event, "its project was deleted"), in: transaction)
    }

    private func remove(where owner: TaskStore.Owner, is id: String, _ why: Cause, in transaction: Transaction) throws {
        for id in try store.ids(where: owner, is: id, workspace: why.workspace, in: transaction).reversed() {
            guard let stored = try store.find(id, workspace: why.workspace, in: transaction) else { continue }
            try ledger.remove(stored, cause: why, in: transaction)
        }
    }
}
