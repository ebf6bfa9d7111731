import HTTP
import Models
import Service
import Storage

/// `POST /board-api/sync`.
struct StartSync: Codable, Sendable {
    var projectID: String?
    var integrationID: String?

    enum CodingKeys: String, CodingKey { case projectID = "project_id", integrationID = "integration_id" }
}

/// 202 with a synchronisation and where to look after it; 200 when the caller has waited for its end.
struct SyncStarted: Answer {
    let sync: SyncRun
    let isOver: Bool

    static var description: AnswerDescription { AnswerDescription(202, .json(SyncRun.self)) }

    func response(to call: Call) throws -> Response {
        var response = Response.json(try JSON.encode(sync), status: isOver ? .ok : .accepted)
        response.headers.add("location", "/board-api/sync/\(sync.id)".utf8)
        return response
    }
}

/// Synchronisations with trackers: started here, and shown here while they go on.
struct SyncHandlers: Sendable {
    let desk: IssueDesk
    let integrations: IntegrationStore

    /// `POST /api/projects/{id}/sync-issues` (seed 000).
    func startOfProject(_ call: Call) async throws -> SyncStarted {
        let project = try await desk.references.projectInPath(call.parameter("projectId"), workspace: call.workspace)
        return try await start(call, project: project, integration: nil)
    }

    func start(_ call: Call, body: StartSync) async throws -> SyncStarted {
        let project = try await desk.references.project(body.projectID, workspace: call.workspace)
        if let run = call.principal.run, run.projectID != project { throw ServiceError.invalid("project_id", "no such project") }
        return try await start(call, project: project, integration: body.integrationID)
    }

    func show(_ call: Call) async throws -> Found<SyncRun> {
        Found(
            try await call.read { try PlanningStore.syncs.get(call.parameter("id"), workspace: call.workspace, in: $0) })
    }

    private func start(_ call: Call, project: String?, integration: String?) async throws -> SyncStarted {
        let waits = try call.query.bool("wait") ?? false
        return try await call.write { transaction in
            var found = try integrations.all(project: project, workspace: call.workspace, in: transaction)
            if let integration {
                found = found.filter { $0.id == integration }
                guard !found.isEmpty else { throw ServiceError.invalid("integration_id", "no such integration") }
            }
            var sync = SyncRun(
                id: Identifier.make("sync", at: call.now), workspaceID: call.workspace, projectID: project,
                integrationIDs: found.map(\.id), status: .failed, created: 0, updated: 0, skipped: 0, errors: [],
                startedAt: call.now, finishedAt: call.now)
            sync.errors =
                found.isEmpty
                ? ["no tracker is connected\(project == nil ? "" : " to this project"): POST /board-api/integrations"]
                : found.map { "\($0.name): this version cannot talk to \($0.provider.rawValue)" }
            let stored = try PlanningStore.syncs.insert(sync, workspace: call.workspace, at: call.now, in: transaction)
            try call.emit("sync.finished", stored, project: project, in: transaction)
            return SyncStarted(sync: sync, isOver: waits)
        }
    }
}
