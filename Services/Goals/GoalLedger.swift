import Models
import Service
import Storage

/// Who changes something, in which workspace, and when.
struct Cause: Sendable {
    let actor: Actor
    let workspace: String
    let now: Timestamp
}

/// Writes goals and projects, and in the same transaction what follows: events, the project's status, its activity.
struct GoalLedger: Sendable {
    let goals: GoalStore
    let projects: ProjectStore
    let environment: ServiceEnvironment

    /// Adds a goal with its plan, approved at once when its project says so.
    func add(
        _ goal: Goal, _ tasks: [AgentTask], _ approval: Approval, isApproved: Bool, cause: Cause, in transaction: Transaction
    ) throws
        -> Stored<Goal>
    {
        let stored = try goals.insert(goal, in: transaction)
        try log("goal.created", goal, "drafted a plan of \(tasks.count) tasks for \"\(goal.title)\"", cause, in: transaction)
        return try announce(GoalDrafted(goal: goal, tasks: tasks, approval: approval), stored, isApproved, cause, in: transaction)
    }

    /// Puts a new plan in the place of a goal's pending one.
    func redraft(
        _ old: Stored<Goal>, _ goal: Goal, _ tasks: [AgentTask], _ approval: Approval, isApproved: Bool, cause: Cause,
        in transaction: Transaction
    ) throws -> Stored<Goal> {
        let replaced = try goals.plannedTasks(of: goal.id, workspace: cause.workspace, in: transaction)
        for id in replaced { try goals.forget(task: id, workspace: cause.workspace, in: transaction) }
        let stored = try goals.replace(old, with: goal, in: transaction)
        try log(
            "goal.drafted", goal, "drafted the plan of \"\(goal.title)\" anew, with \(tasks.count) tasks", cause, in: transaction)
        let plan = GoalDrafted(goal: goal, tasks: tasks, approval: approval, replaces: replaced)
        return try announce(plan, stored, isApproved, cause, in: transaction)
    }

    private func announce(
        _ plan: GoalDrafted, _ stored: Stored<Goal>, _ isApproved: Bool, _ cause: Cause, in transaction: Transaction
    ) throws -> Stored<Goal> {
        for task in plan.tasks { try goals.keep(task, isPlanned: true, in: transaction) }
        try environment.outbox.append(
            "goal.drafted", subject: plan.goal.id, workspace: cause.workspace, project: plan.goal.projectID, actor: cause.actor,
            at: cause.now, data: DocumentCoding.encode(plan), in: transaction)
        try settleProject(plan.goal.projectID, cause, in: transaction)
        guard isApproved else { return stored }
        let approved = try GoalRules.approve(plan.goal, hasTasks: !plan.tasks.isEmpty, at: cause.now)
        return try save(
            stored, as: approved, event: "goal.approved", cause: Cause(actor: .suite, workspace: cause.workspace, now: cause.now),
            in: transaction)
    }

    /// Writes a changed goal; a change of nothing writes nothing.
    @discardableResult
    func save(_ old: Stored<Goal>, as changed: Goal, event: String = "goal.updated", cause: Cause, in transaction: Transaction)
        throws
        -> Stored<Goal>
    {
        let before = try old.model()
        guard changed != before else { return old }
        var after = changed
        after.updatedAt = cause.now
        let stored = try goals.replace(old, with: after, in: transaction)
        try environment.emit(
            event, stored, project: after.projectID, workspace: cause.workspace, actor: cause.actor, in: transaction)
        if after.status != before.status {
            try log(
                "goal.\(after.status.rawValue)", after, "\"\(after.title)\" is \(after.status.rawValue)", cause, in: transaction)
            try settleProject(after.projectID, cause, in: transaction)
        } else if event == "goal.updated", after.progress == before.progress {
            try log("goal.updated", after, "changed \"\(after.title)\"", cause, in: transaction)
        }
        return stored
    }

    func remove(_ old: Stored<Goal>, cause: Cause, in transaction: Transaction) throws {
        let goal = try old.model()
        try goals.delete(goal.id, workspace: cause.workspace, in: transaction)
        try environment.emit(
            "goal.deleted", old, project: goal.projectID, workspace: cause.workspace, actor: cause.actor, in: transaction)
        try log("goal.deleted", goal, "deleted \"\(goal.title)\"", cause, in: transaction)
        try settleProject(goal.projectID, cause, in: transaction)
    }

    /// The status of a project is that of its goals.
    private func settleProject(_ id: String?, _ cause: Cause, in transaction: Transaction) throws {
        guard let id, let stored = try projects.find(id, workspace: cause.workspace, in: transaction) else { return }
        var project = try stored.model()
        project.status = ProjectRules.status(try goals.statuses(ofProject: id, workspace: cause.workspace, in: transaction))
        try save(stored, as: project, cause: cause, in: transaction)
    }
}

extension GoalLedger {
    func add(_ project: Project, cause: Cause, in transaction: Transaction) throws -> Stored<Project> {
        let stored = try projects.insert(project, in: transaction)
        try environment.emit(
            "project.created", stored, project: project.id, workspace: cause.workspace, actor: cause.actor, in: transaction)
        try log("project.created", project.id, of: project.id, "made the project", cause, in: transaction)
        return stored
    }

    /// Writes a changed project; a change of nothing writes nothing.
    @discardableResult
    func save(_ old: Stored<Project>, as changed: Project, cause: Cause, in transaction: Transaction) throws -> Stored<Project> {
        let changes = ProjectRules.changes(from: try old.model(), to: changed)
        guard !changes.isEmpty else { return old }
        var after = changed
        after.updatedAt = cause.now
        let stored = try projects.replace(old, with: after, in: transaction)
        try environment.emit(
            "project.updated", stored, project: after.id, workspace: cause.workspace, actor: cause.actor, in: transaction)
        let message =
            changes == ["status"] ? "the project is \(after.status.rawValue)" : "changed \(changes.joined(separator: ", "))"
        try log("project.updated", after.id, of: after.id, message, cause, in: transaction)
        return stored
    }

    /// Removes a project with its goals. Its tasks go when their service hears of it.
    func remove(_ old: Stored<Project>, cause: Cause, in transaction: Transaction) throws {
        for id in try goals.ids(ofProject: old.id, workspace: cause.workspace, in: transaction) {
            let goal = try goals.goal(id, workspace: cause.workspace, in: transaction)
            try goals.delete(id, workspace: cause.workspace, in: transaction)
            try environment.emit(
                "goal.deleted", goal, project: old.id, workspace: cause.workspace, actor: cause.actor, in: transaction)
        }
        try goals.forget(project: old.id, workspace: cause.workspace, in: transaction)
        try projects.delete(old.id, workspace: cause.workspace, in: transaction)
        try environment.emit(
            "project.deleted", old, project: old.id, workspace: cause.workspace, actor: cause.actor, in: transaction)
    }

    /// Adds a row to a project's activity; nothing when there is no project, or no more.
    func log(
        _ action: String, _ subject: String, of project: String?, _ message: String, _ cause: Cause, in transaction: Transaction
    ) throws {
        guard let project, try projects.find(project, workspace: cause.workspace, in: transaction) != nil else { return }
        try projects.log(
            ProjectActivity(
                id: Identifier.make("act", at: cause.now), projectID: project,
                sequence: try projects.nextActivity(of: project, workspace: cause.workspace, in: transaction), action: action,
                subjectID: subject,
                message: message,
                actor: cause.actor, at: cause.now), workspace: cause.workspace, in: transaction)
    }

    private func log(_ action: String, _ goal: Goal, _ message: String, _ cause: Cause, in transaction: Transaction) throws {
        try log(action, goal.id, of: goal.projectID, message, cause, in: transaction)
    }
}
