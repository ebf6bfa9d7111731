import Events
import HTTP
import Models
import Service
import Storage

/// Runs as people and programs see them.
struct RunHandlers: Sendable {
    let transitions: RunTransitions
    let directory: AgentDirectory
    let environment: ServiceEnvironment

    private var store: RunStore { transitions.runs }

    func list(_ call: Call) async throws -> Listing<Run> {
        _ = try call.query.words("status", as: RunStatus.self)
        var filters: [Filter] = []
        let statuses = call.query.list("status")
        if !statuses.isEmpty { filters.append(.isIn("status", statuses)) }
        if let agent = call.query["agent_id"], !agent.isEmpty {
            // A slug is taken wherever an id is; one that nobody has finds nothing.
            let known = try await call.read { try transitions.agents.find(agent, in: call.workspace, $0) }
            filters.append(.equals("agent_id", known?.id ?? agent))
        }
        if let project = call.query["project_id"], !project.isEmpty {
            filters.append(.equals("project_id", try await projectID(project, call)))
        }
        filters += call.equals("task_id", "goal_id")
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        return Listing(try await call.read { try store.table.list(query, workspace: call.workspace, in: $0) }, as: "runs")
    }

    func show(_ call: Call) async throws -> Found<Run> {
        let id = try call.ownRunID()
        return Found(try await call.read { try store.run(id, in: call.workspace, $0) })
    }

    /// Queues a run. 400 when the task or the agent does not exist, 409 when the task has an active run or cannot have one.
    func create(_ call: Call, body: CreateRun) async throws -> Created<Run> {
        let task = try await task(body.taskID, call)
        guard let agentID = body.agentID ?? task.agentID else {
            throw ServiceError.invalid("agent_id", "required: the task has no agent of its own")
        }
        let agent = try await directory.agent(agentID, in: call.workspace, field: "agent_id")
        let created = try await call.write { transaction in
            try transitions.agents.keep(agent, in: transaction)
            if try transitions.work.active(task: task.id, in: call.workspace, transaction) != nil {
                throw RunRules.active(task: task.id)
            }
            let run = try RunRules.create(
                id: Identifier.make("run", at: call.now), for: task, by: agent, timeoutSeconds: body.timeoutSeconds,
                requestedBy: call.actor, at: call.now)
            let stored = try transitions.queue(
                run, priority: task.priority, timeoutSeconds: body.timeoutSeconds, actor: call.actor, in: transaction)
            return Created(stored, in: "/runs-api")
        }
        await settle()
        return created
    }

    /// Ends a run that has no outcome yet, whatever it is at; its processes follow at once.
    func cancel(_ call: Call, body: CancelRun) async throws -> Found<Run> {
        let id = call.parameter("id")
        if let reason = body.reason, reason.utf8.count > RunRules.summaryBytesMax {
            throw ServiceError.invalid("reason", "must have at most \(RunRules.summaryBytesMax) bytes")
        }
        let found = try await call.write { transaction in
            let stored = try store.run(id, in: call.workspace, transaction)
            guard let current = try transitions.work.find(id, transaction) else {
                throw ServiceError.conflict("the run has ended: there is nothing to cancel", code: "run_ended")
            }
            return Found(
                try transitions.finish(
                    stored, current, as: .cancelled(body.reason), report: nil, actor: call.actor, in: transaction))
        }
        await settle()
        return found
    }

    func result(_ call: Call) async throws -> Reply<RunResult> {
        let id = try call.ownRunID()
        return Reply(
            try await call.read { reader in
                try store.apiResult(of: try store.run(id, in: call.workspace, reader), reader)
            })
    }

    /// The id of a project that may be named by its slug; as it is when there is none, which finds nothing.
    private func projectID(_ reference: String, _ call: Call) async throws -> String {
        if reference.hasPrefix("proj_") { return reference }
        do {
            return try await environment.peers.get(
                .goals, "/api/projects/\(PercentCoding.encoded(reference))", workspace: call.workspace, as: Project.self
            ).id
        } catch let error as ServiceError where error.kind == .notFound || error.kind == .validation {
            return reference
        }
    }

    private func task(_ id: String, _ call: Call) async throws -> AgentTask {
        guard !id.isEmpty else { throw ServiceError.invalid("task_id", "required") }
        do {
            return try await environment.peers.get(
                .tasks, "/tasks-api/\(PercentCoding.encoded(id))", workspace: call.workspace, as: AgentTask.self)
        } catch let error as ServiceError where error.kind == .notFound || error.kind == .validation {
            throw ServiceError.invalid("task_id", "no such task")
        }
    }

    /// The task shows its run once this returns, or soon after when the tasks service is busy.
    private func settle() async { await environment.outbox.settled(environment.outbox.last.value, by: [.tasks]) }
}

extension Call {
    /// The run that the path names.
    /// - Throws: 404 for an agent's token that is bound to another: it does not exist for that.
    func ownRunID() throws -> String {
        let id = parameter("id")
        if let binding = principal.run, binding.runID != id { throw ServiceError.notFound(Run.noun) }
        return id
    }
}
