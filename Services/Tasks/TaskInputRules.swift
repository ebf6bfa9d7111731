import Models

/// What a task's members may be, whoever sends them.
enum TaskInputRules {
    /// Dependencies of one task: a phase that waits for all of the largest plan.
    static let dependenciesMax = 1000
    static let positionMax = 1_000_000

    /// A new task as its body describes it; the ids in it are not yet looked up.
    /// - Throws: 400 naming the field.
    static func make(_ body: CreateTask, id: String, workspace: String, by actor: Actor, at now: Timestamp) throws(ServiceError)
        -> AgentTask
    {
        let status = body.status ?? .ready
        guard status == .draft || status == .ready else { throw .invalid("status", "a new task is draft or ready") }
        return AgentTask(
            id: id, workspaceID: workspace, title: try Check.name(body.title, "title"),
            description: try Check.text(body.description ?? "", "description"), status: status,
            projectID: try reference(body.projectID, "project_id"), goalID: try reference(body.goalID, "goal_id"),
            issueID: try reference(body.issueID, "issue_id"), phase: try phase(body.phase),
            position: try Check.range(body.position ?? 0, "position", 0...positionMax),
            agentID: try reference(body.agentID, "agent_id"), dependsOn: try dependencies(body.dependsOn ?? []),
            chatID: try reference(body.chatID, "chat_id"), priority: body.priority ?? .none, autoStart: body.autoStart ?? false,
            review: body.review, createdBy: actor, createdAt: now, updatedAt: now)
    }

    /// The task with the members that the body names, except its status and its dependencies.
    /// - Throws: 400 naming the field; 409 for what a run at work depends on.
    static func merge(_ body: UpdateTask, into task: AgentTask) throws(ServiceError) -> AgentTask {
        var after = task
        after.title = try Check.name(applied(body.title, to: task.title, "title"), "title")
        after.description = try Check.text(body.description.applied(to: task.description) ?? "", "description")
        after.projectID = body.projectID.applied(to: task.projectID)
        after.goalID = body.goalID.applied(to: task.goalID)
        after.issueID = body.issueID.applied(to: task.issueID)
        after.phase = try phase(body.phase.applied(to: task.phase))
        after.position = try Check.range(applied(body.position, to: task.position, "position"), "position", 0...positionMax)
        after.agentID = body.agentID.applied(to: task.agentID)
        after.chatID = try reference(body.chatID.applied(to: task.chatID), "chat_id")
        after.priority = body.priority.applied(to: task.priority) ?? .none
        after.autoStart = try applied(body.autoStart, to: task.autoStart, "auto_start")
        after.review = body.review.applied(to: task.review)
        if after.agentID != task.agentID { try TaskRules.checkMayMove(task, "agent_id") }
        if after.projectID != task.projectID { try TaskRules.checkMayMove(task, "project_id") }
        return after
    }

    static func dependencies(_ ids: [String]) throws(ServiceError) -> [String] {
        try Check.list(ids, "depends_on", max: dependenciesMax)
        for id in ids { _ = try Check.reference(id, "depends_on") }
        return ids
    }

    /// An agent's id, given that or its slug (an agent's id is made from its slug).
    static func agentID(_ reference: String) -> String {
        reference.hasPrefix("agent_") ? reference : Identifier.agent(slug: reference)
    }

    private static func reference(_ text: String?, _ field: String) throws(ServiceError) -> String? {
        guard let text else { return nil }
        return try Check.reference(text, field)
    }

    private static func phase(_ text: String?) throws(ServiceError) -> String? {
        guard let text else { return nil }
        return try Check.name(text, "phase")
    }

    private static func applied<Value>(_ field: Field<Value>, to current: Value, _ name: String) throws(ServiceError) -> Value {
        switch field {
        case .absent: return current
        case .null: throw .invalid(name, "must not be null")
        case .value(let value): return value
        }
    }
}
