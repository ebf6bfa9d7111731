import HTTP
import Models
import Service
import Storage

/// `/tasks-api`: tasks as the scopes surface has them.
struct TaskHandlers: Sendable {
    let store: TaskStore
    let ledger: TaskLedger
    let references: TaskReferences

    func list(_ call: Call) async throws -> Listing<AgentTask> {
        let statuses = try call.query.words("status", as: TaskStatus.self)
        return Listing(try await page(call, statuses: statuses), as: "tasks")
    }

    func create(_ call: Call, body: CreateTask) async throws -> Created<AgentTask> {
        let task = try await prepare(call, body)
        return try await call.write { transaction in
            Created(try ledger.add(task, cause: cause(call, "made"), in: transaction), in: "/tasks-api")
        }
    }

    func show(_ call: Call) async throws -> Found<AgentTask> {
        let stored = try await call.read { try store.task(call.parameter("id"), workspace: call.workspace, in: $0) }
        try checkVisible(stored, to: call)
        return Found(stored)
    }

    func update(_ call: Call, body: UpdateTask) async throws -> Found<AgentTask> {
        try await change(call) { _ in
            body
        } answer: {
            Found($0)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.task(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try ledger.remove(stored, cause: cause(call, "deleted"), in: transaction)
            return NoContent()
        }
    }
}

extension TaskHandlers {
    func cause(_ call: Call, _ reason: String) -> Cause {
        Cause(actor: call.actor, workspace: call.workspace, now: call.now, reason: reason)
    }

    /// A page of tasks: those of a plan in its order, others newest first.
    func page(_ call: Call, statuses: [TaskStatus], project: String? = nil) async throws -> Page<AgentTask> {
        var filters = call.equals("goal_id", "chat_id", "issue_id")
        if let agent = call.query["agent_id"], !agent.isEmpty {
            filters.append(.equals("agent_id", TaskInputRules.agentID(agent)))
        }
        if !statuses.isEmpty { filters.append(.isIn("status", statuses.map(\.rawValue))) }
        if let project {
            filters.append(.equals("project_id", project))
        } else if let reference = call.query["project_id"], !reference.isEmpty {
            filters.append(.equals("project_id", try await projectToFilter(reference, call)))
        }
        let isPlan = call.query["goal_id"]?.isEmpty == false
        let query = try call.page(filters: filters, order: [isPlan ? .ascending("position") : .descending("created_at")])
        return try await call.read { try store.list(query, workspace: call.workspace, in: $0) }
    }

    /// A project that there is not has no tasks.
    private func projectToFilter(_ reference: String, _ call: Call) async throws -> String {
        if reference.hasPrefix("proj_") { return reference }
        do {
            return try await references.project(reference, workspace: call.workspace)
        } catch let error as ServiceError where error.kind == .notFound {
            return reference
        }
    }

    /// A new task, checked, with everything that it refers to looked up.
    func prepare(_ call: Call, _ body: CreateTask) async throws -> AgentTask {
        let task = try TaskInputRules.make(
            body, id: Identifier.make("task", at: call.now), workspace: call.workspace, by: call.actor, at: call.now)
        return try await references.resolve(task, workspace: call.workspace)
    }

    /// Applies a PATCH: references are looked up first, then everything is decided again in the transaction.
    func change<Output: Answer>(
        _ call: Call, _ makeBody: @escaping @Sendable (TaskStatus) -> UpdateTask,
        answer: @escaping @Sendable (Stored<AgentTask>) throws -> Output
    ) async throws -> Output {
        let id = call.parameter("id")
        let seen = try await call.read { try store.task(id, workspace: call.workspace, in: $0) }.model()
        let resolved = try await references.resolve(
            try TaskInputRules.merge(makeBody(seen.status), into: seen), unlessAsIn: seen, workspace: call.workspace)
        return try await call.write { transaction in
            let stored = try store.task(id, workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let current = try stored.model()
            var body = makeBody(current.status)
            if !body.goalID.isAbsent { body.goalID = field(resolved.goalID) }
            if !body.projectID.isAbsent || resolved.projectID != seen.projectID { body.projectID = field(resolved.projectID) }
            if !body.agentID.isAbsent { body.agentID = field(resolved.agentID) }
            if !body.issueID.isAbsent { body.issueID = field(resolved.issueID) }
            return try answer(try apply(body, to: stored, current, call, in: transaction))
        }
    }

    private func field(_ id: String?) -> Field<String> { id.map { .value($0) } ?? .null }

    private func apply(
        _ body: UpdateTask, to stored: Stored<AgentTask>, _ current: AgentTask, _ call: Call, in transaction: Transaction
    ) throws -> Stored<AgentTask> {
        var stored = stored
        var after = try TaskInputRules.merge(body, into: current)
        let why = cause(call, "changed by hand")
        if !body.dependsOn.isAbsent {
            let ids = try TaskInputRules.dependencies(body.dependsOn.applied(to: current.dependsOn, field: "depends_on"))
            stored = try ledger.save(stored, as: after, dependingOn: ids, cause: why, in: transaction)
            after = try stored.model()
        }
        let status = try body.status.applied(to: after.status, field: "status")
        let waiting = try store.unfinished(dependenciesOf: after.id, workspace: call.workspace, in: transaction)
        after = try TaskRules.set(status, on: after, waitingFor: waiting, at: call.now)
        return try ledger.save(stored, as: after, cause: why, in: transaction)
    }

    /// An agent's token sees its own task and those of its project.
    /// - Throws: 404.
    func checkVisible(_ stored: Stored<AgentTask>, to call: Call) throws {
        guard let run = call.principal.run else { return }
        if stored.id == run.taskID { return }
        guard let project = run.projectID, try stored.model().projectID == project else { throw ServiceError.notFound("task") }
    }
}
