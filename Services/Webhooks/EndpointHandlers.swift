import Models
import Service
import Storage

/// What becomes of the requests about endpoints. A secret comes in, is sealed, and never goes out.
struct EndpointHandlers: Sendable {
    let store: EndpointStore
    let secrets: SecretStore
    let references: WebhookReferences

    func list(_ call: Call) async throws -> Listing<WebhookEndpoint> {
        let query = try call.page(filters: call.equals("provider", "project_id"), order: [.descending("created_at")])
        return Listing(try await call.read { try store.page(query, workspace: call.workspace, in: $0) }, as: "endpoints")
    }

    func create(_ call: Call, body: CreateWebhookEndpoint) async throws -> Created<WebhookEndpoint> {
        var input = body
        input.projectID = try await references.project(body.projectID, workspace: call.workspace)
        input.integrationID = try await references.integration(body.integrationID, workspace: call.workspace)
        let endpoint = try WebhookRules.make(from: input, workspace: call.workspace, by: call.actor, at: call.now)
        let secret = input.secret.map { Array($0.utf8) }
        return try await call.write { transaction in
            let stored = try store.insert(endpoint, at: call.now, in: transaction)
            try secrets.set(secret, of: stored.id, workspace: call.workspace, in: transaction)
            try call.emit("endpoint.created", stored, project: endpoint.projectID, in: transaction)
            return Created(stored, in: "/webhooks-api/endpoints")
        }
    }

    func show(_ call: Call) async throws -> Found<WebhookEndpoint> {
        Found(try await call.read { try store.get(call.parameter("id"), workspace: call.workspace, in: $0) })
    }

    func update(_ call: Call, body: UpdateWebhookEndpoint) async throws -> Found<WebhookEndpoint> {
        var input = body
        if case .value(let project) = body.projectID {
            input.projectID = try await references.project(project, workspace: call.workspace).map { .value($0) } ?? .null
        }
        if case .value(let integration) = body.integrationID {
            input.integrationID =
                try await references.integration(integration, workspace: call.workspace).map { .value($0) } ?? .null
        }
        let change = input
        return try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            let changed = try WebhookRules.update(try stored.model(), with: change, at: call.now)
            if !change.secret.isAbsent {
                let secret = change.secret.applied(to: nil).map { Array($0.utf8) }
                try secrets.set(secret, of: stored.id, workspace: call.workspace, in: transaction)
            }
            let replaced = try store.replace(stored, with: changed, at: call.now, in: transaction)
            try call.emit("endpoint.updated", replaced, project: changed.projectID, in: transaction)
            return Found(replaced)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try store.delete(stored, in: transaction)
            try secrets.set(nil, of: stored.id, workspace: call.workspace, in: transaction)
            try call.emit("endpoint.deleted", stored, in: transaction)
            return NoContent()
        }
    }
}
