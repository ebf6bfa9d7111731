import Identity
import Models
import Service
import Storage

/// What becomes of the requests about connections to trackers. A credential comes in, is sealed, and never goes out.
struct IntegrationHandlers: Sendable {
    let store: IntegrationStore
    let secrets: SecretBox
    let references: BoardReferences

    func list(_ call: Call) async throws -> Listing<Integration> {
        let query = try call.page(filters: call.equals("provider", "project_id"), order: [.descending("created_at")])
        return Listing(try await call.read { try store.page(query, workspace: call.workspace, in: $0) }, as: "integrations")
    }

    func create(_ call: Call, body: CreateIntegration) async throws -> Created<Integration> {
        let project = try await references.project(body.projectID, workspace: call.workspace)
        let integration = try IntegrationRules.make(
            body, project: project, workspace: call.workspace, by: call.actor, at: call.now)
        let sealed = try seal(body.credential, of: integration.id)
        return try await call.write { transaction in
            let stored = try store.insert(integration, at: call.now, in: transaction)
            if let sealed { try store.setCredential(sealed, of: stored.id, workspace: call.workspace, in: transaction) }
            try call.emit("integration.created", stored, project: project, in: transaction)
            return Created(stored, in: "/board-api/integrations")
        }
    }

    func show(_ call: Call) async throws -> Found<Integration> {
        Found(try await call.read { try store.get(call.parameter("id"), workspace: call.workspace, in: $0) })
    }

    func update(_ call: Call, body: UpdateIntegration) async throws -> Found<Integration> {
        var input = body
        if case .value(let project) = body.projectID {
            input.projectID = try await references.project(project, workspace: call.workspace).map { .value($0) } ?? .null
        }
        let change = input
        return try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let old = try stored.model()
            let changed = try IntegrationRules.update(
                old, with: change, project: change.projectID.applied(to: old.projectID), at: call.now)
            if !change.credential.isAbsent {
                let sealed = try seal(change.credential.applied(to: nil), of: old.id)
                try store.setCredential(sealed, of: old.id, workspace: call.workspace, in: transaction)
            }
            let replaced = try store.replace(stored, with: changed, at: call.now, in: transaction)
            try call.emit("integration.updated", replaced, project: changed.projectID, in: transaction)
            return Found(replaced)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try store.delete(stored, in: transaction)
            try call.emit("integration.deleted", stored, in: transaction)
            return NoContent()
        }
    }

    private func seal(_ credential: String?, of id: String) throws -> [UInt8]? {
        guard let credential else { return nil }
        return try secrets.seal(Array(credential.utf8), context: "integration_credentials.\(id)")
    }
}
