import HTTP
import Models
import Service
import Storage

/// `/goals-api`: goals, and the plans that are drafted from them.
struct GoalHandlers: Sendable {
    let goals: GoalStore
    let projects: ProjectStore
    let ledger: GoalLedger
    let drafting: PlanDrafting

    func list(_ call: Call) async throws -> Listing<Goal> {
        var filters = call.equals("parent_goal_id")
        let statuses = try call.query.words("status", as: GoalStatus.self)
        if !statuses.isEmpty { filters.append(.isIn("status", statuses.map(\.rawValue))) }
        if let agent = call.query["agent_id"], !agent.isEmpty {
            filters.append(.equals("agent_id", agent.hasPrefix("agent_") ? agent : Identifier.agent(slug: agent)))
        }
        let project = call.query["project_id"].flatMap { $0.isEmpty ? nil : $0 }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        let page = try await call.read { reader in
            var query = query
            if let project {
                let id = try projects.find(project, workspace: call.workspace, in: reader)?.id ?? project
                query.filters.append(.equals("project_id", id))
            }
            return try goals.list(query, workspace: call.workspace, in: reader)
        }
        return Listing(page, as: "goals")
    }

    /// Drafts a plan from a goal; it waits for its approval, unless its project approves by itself.
    func create(_ call: Call, body: CreateGoal) async throws -> CreatedReply<GoalPlan> {
        try Check.name(body.title, "title")
        try Check.text(body.description ?? "", "description")
        let project = try await owner(call, project: body.projectID, parent: body.parentGoalID)
        let agent = try await optional(body.agentID) { try await drafting.agent($0, "agent_id", workspace: call.workspace) }
        let agents = try await drafting.agents(workspace: call.workspace)
        let goal = Goal(
            id: Identifier.make("goal", at: call.now), workspaceID: call.workspace, projectID: project?.id,
            parentGoalID: body.parentGoalID, agentID: agent, title: body.title, description: body.description ?? "",
            status: .pending,
            createdBy: call.actor, createdAt: call.now, updatedAt: call.now)
        let plan = try drafting.draft(goal, project: project, agents: agents, by: call.actor, at: call.now)
        let isApproved = plan.approval.status == .approved
        let answer = try await call.write { transaction in
            if let project = plan.goal.projectID, try projects.find(project, workspace: call.workspace, in: transaction) == nil {
                throw ServiceError.invalid("project_id", "no such project \"\(project)\"")
            }
            let stored = try ledger.add(
                plan.goal, plan.tasks, plan.approval, isApproved: isApproved, cause: cause(call), in: transaction)
            return CreatedReply(try view(plan, stored, isApproved), at: "/goals-api/\(plan.goal.id)")
        }
        await settled(call)
        return answer
    }

    func show(_ call: Call) async throws -> Found<Goal> {
        let stored = try await call.read { try goals.goal(call.parameter("id"), workspace: call.workspace, in: $0) }
        if let run = call.principal.run, try run.projectID == nil || stored.model().projectID != run.projectID {
            throw ServiceError.notFound("goal")
        }
        return Found(stored)
    }

    func update(_ call: Call, body: UpdateGoal) async throws -> Found<Goal> {
        let id = call.parameter("id")
        var agent: Field<String> = body.agentID
        if case .value(let reference) = body.agentID {
            agent = .value(try await drafting.agent(reference, "agent_id", workspace: call.workspace))
        }
        let newAgent = agent
        return try await call.write { transaction in
            let stored = try goals.goal(id, workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var goal = try stored.model()
            goal.title = try Check.name(body.title.applied(to: goal.title, field: "title"), "title")
            goal.description = try Check.text(body.description.applied(to: goal.description) ?? "", "description")
            goal.agentID = newAgent.applied(to: goal.agentID)
            goal.parentGoalID = body.parentGoalID.applied(to: goal.parentGoalID)
            if let parent = goal.parentGoalID, case .value = body.parentGoalID {
                try checkParent(parent, of: goal, call, in: transaction)
            }
            return Found(try ledger.save(stored, as: goal, cause: cause(call), in: transaction))
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        let answer = try await call.write { transaction in
            let stored = try goals.goal(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try ledger.remove(stored, cause: cause(call), in: transaction)
            return NoContent()
        }
        await settled(call)
        return answer
    }
}

extension GoalHandlers {
    /// Drafts a pending plan anew from the goal as it now is. The approval of the plan before is withdrawn.
    func decompose(_ call: Call) async throws -> Reply<GoalPlan> {
        let id = call.parameter("id")
        let seen = try await call.read { try goals.goal(id, workspace: call.workspace, in: $0) }.model()
        try GoalRules.checkMayBeDecomposed(seen)
        let agents = try await drafting.agents(workspace: call.workspace)
        let answer = try await call.write { transaction in
            let stored = try goals.goal(id, workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var goal = try stored.model()
            try GoalRules.checkMayBeDecomposed(goal)
            goal.updatedAt = call.now
            let project = try goal.projectID.flatMap {
                try projects.find($0, workspace: call.workspace, in: transaction)?.model()
            }
            let plan = try drafting.draft(goal, project: project, agents: agents, by: call.actor, at: call.now)
            let isApproved = plan.approval.status == .approved
            let saved = try ledger.redraft(
                stored, plan.goal, plan.tasks, plan.approval, isApproved: isApproved, cause: cause(call), in: transaction)
            return Reply(try view(plan, saved, isApproved))
        }
        await settled(call)
        return answer
    }

    func approve(_ call: Call) async throws -> Found<Goal> {
        try await decide(call, event: "goal.approved") { goal, hasTasks in
            try GoalRules.approve(goal, hasTasks: hasTasks, at: call.now)
        }
    }

    func cancel(_ call: Call) async throws -> Found<Goal> {
        try await decide(call, event: "goal.cancelled") { goal, _ in try GoalRules.cancel(goal) }
    }

    /// The goal's tasks, in the plan's order: asked of the service that owns them.
    func tasks(_ call: Call) async throws -> TaskList {
        let id = try await call.read { try goals.goal(call.parameter("id"), workspace: call.workspace, in: $0) }.id
        let page = try call.page(order: [])
        var target = "/tasks-api?goal_id=\(id)&limit=\(page.limit)"
        // A cursor is base64url; what is none is not passed on unescaped.
        if let cursor = page.cursor { target += "&cursor=\(Check.isReference(cursor) ? cursor : "unreadable")" }
        let statuses = try call.query.words("status", as: TaskStatus.self)
        if !statuses.isEmpty { target += "&status=\(statuses.map(\.rawValue).joined(separator: ","))" }
        return TaskList(
            bytes: try await call.environment.peers.exchange(.tasks, .get, target, workspace: call.workspace, body: nil))
    }

    private func decide(
        _ call: Call, event: String, _ rule: @escaping @Sendable (Goal, _ hasTasks: Bool) throws -> Goal
    ) async throws -> Found<Goal> {
        let answer = try await call.write { transaction in
            let stored = try goals.goal(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let hasTasks = try !goals.counts(of: stored.id, workspace: call.workspace, in: transaction).isEmpty
            let changed = try rule(try stored.model(), hasTasks)
            return Found(try ledger.save(stored, as: changed, event: event, cause: cause(call), in: transaction))
        }
        await settled(call)
        return answer
    }

    func cause(_ call: Call) -> Cause { Cause(actor: call.actor, workspace: call.workspace, now: call.now) }

    /// Waits until the tasks and the approvals show what this call changed.
    func settled(_ call: Call) async {
        await call.environment.outbox.settled(call.environment.outbox.last.value, by: [.tasks, .approvals])
    }

    private func owner(_ call: Call, project: String?, parent: String?) async throws -> Project? {
        try await call.read { reader -> Project? in
            if let parent {
                guard
                    try goals.goals.find(Check.reference(parent, "parent_goal_id"), workspace: call.workspace, in: reader) != nil
                else {
                    throw ServiceError.invalid("parent_goal_id", "no such goal \"\(parent)\"")
                }
            }
            guard let project else { return nil }
            guard let stored = try projects.find(Check.reference(project, "project_id"), workspace: call.workspace, in: reader)
            else {
                throw ServiceError.invalid("project_id", "no such project \"\(project)\"")
            }
            return try stored.model()
        }
    }

    private func checkParent(_ parent: String, of goal: Goal, _ call: Call, in transaction: Transaction) throws {
        guard try goals.goals.find(Check.reference(parent, "parent_goal_id"), workspace: call.workspace, in: transaction) != nil
        else {
            throw ServiceError.invalid("parent_goal_id", "no such goal \"\(parent)\"")
        }
        guard try !goals.isWithin(parent, goal.id, workspace: call.workspace, in: transaction) else {
            throw ServiceError(
                .conflict, "parent_goal_id: this would close a cycle: \(goal.id) → … → \(parent) → \(goal.id)", code: "cycle",
                field: "parent_goal_id")
        }
    }

    /// What `POST` and `decompose` answer. The tasks of a plan that is approved at once are shown as they are then released.
    private func view(_ plan: GoalDrafted, _ stored: Stored<Goal>, _ isApproved: Bool) throws -> GoalPlan {
        var tasks = plan.tasks
        if isApproved {
            for index in tasks.indices {
                tasks[index].approved = true
                tasks[index].status = tasks[index].dependsOn.isEmpty ? .ready : .blocked
            }
        }
        return GoalPlan(goal: try stored.model(), tasks: tasks)
    }
}

/// A page of tasks, as the tasks service gave it.
struct TaskList: Answer {
    let bytes: [UInt8]

    static var description: AnswerDescription { AnswerDescription(200, .page(AgentTask.self)) }

    func response(to call: Call) -> Response { .json(bytes) }
}

/// Looks a member up when it is there.
func optional<Value, Result>(_ value: Value?, _ look: (Value) async throws -> Result) async rethrows -> Result? {
    guard let value else { return nil }
    return try await look(value)
}
