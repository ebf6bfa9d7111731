import Models
import Service
import Storage

/// `/api/tasks` and `/api/projects/{projectId}/tasks`: the same tasks in the words of the workspace surface (seeds 000 and 004).
struct WorkspaceTaskHandlers: Sendable {
    let tasks: TaskHandlers
    let actions: TaskActionHandlers

    func list(_ call: Call) async throws -> Reply<WorkspaceTaskPage> {
        Reply(try view(try await tasks.page(call, statuses: statuses(call))))
    }

    func create(_ call: Call, body: CreateWorkspaceTask) async throws -> CreatedShown<WorkspaceTask> {
        try await add(call, body.scopes())
    }

    func show(_ call: Call) async throws -> Shown<WorkspaceTask> {
        try view(try await tasks.show(call).stored)
    }

    func update(_ call: Call, body: UpdateWorkspaceTask) async throws -> Shown<WorkspaceTask> {
        try await tasks.change(call) {
            body.scopes(of: $0)
        } answer: {
            try view($0)
        }
    }

    func interrupt(_ call: Call) async throws -> Shown<WorkspaceTask> {
        try view(try await actions.interrupted(call))
    }

    func listOfProject(_ call: Call) async throws -> Reply<WorkspaceTaskPage> {
        let project = try await project(call)
        return Reply(try view(try await tasks.page(call, statuses: statuses(call), project: project)))
    }

    func createInProject(_ call: Call, body: CreateWorkspaceTask) async throws -> CreatedShown<WorkspaceTask> {
        var task = try body.scopes()
        task.projectID = try await project(call)
        return try await add(call, task)
    }

    private func add(_ call: Call, _ body: CreateTask) async throws -> CreatedShown<WorkspaceTask> {
        let task = try await tasks.prepare(call, body)
        return try await call.write { transaction in
            let stored = try tasks.ledger.add(task, cause: tasks.cause(call, "made"), in: transaction)
            return CreatedShown(WorkspaceTask(try stored.model()), of: stored, in: "/api/tasks")
        }
    }

    /// The project of the path. An agent's token sees its own only.
    private func project(_ call: Call) async throws -> String {
        let id = try await tasks.references.project(call.parameter("projectId"), workspace: call.workspace)
        if let run = call.principal.run, run.projectID != id { throw ServiceError.notFound("project") }
        return id
    }

    private func statuses(_ call: Call) throws -> [TaskStatus] {
        try call.query.words("status", as: WorkspaceTaskStatus.self).flatMap(\.statuses)
    }

    private func view(_ page: Page<AgentTask>) throws -> WorkspaceTaskPage {
        WorkspaceTaskPage(tasks: try page.items.map { WorkspaceTask(try $0.model()) }, nextCursor: page.nextCursor)
    }

    private func view(_ stored: Stored<AgentTask>) throws -> Shown<WorkspaceTask> {
        Shown(WorkspaceTask(try stored.model()), of: stored)
    }
}
