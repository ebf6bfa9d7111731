import Identity
import Models
import Service

/// API keys of a workspace. The key itself is shown once, when it is made.
struct APIKeyHandlers: Sendable {
    let accounts: Accounts

    func list(_ call: Call) async throws -> IdentityListing<APIKeyRecord> {
        let (limit, cursor) = try call.identityPage()
        return IdentityListing(
            page: try await accounts.store.apiKeys(in: call.workspace, limit: limit, cursor: cursor), plural: "api_keys")
    }

    func create(_ call: Call, body: CreateAPIKey) async throws -> CreatedReply<CreatedAPIKey> {
        try IdentityRules.checkMayGrant(body.role, in: call.workspace, by: call.principal)
        let (record, secret) = try await accounts.store.createAPIKey(
            name: body.name, role: body.role, scopes: try body.scopes.map { try Scope.list($0) }, expiresAt: body.expiresAt,
            workspace: call.workspace, by: call.actor, now: call.now)
        let created = CreatedAPIKey(
            id: record.id, key: secret, prefix: record.prefix, name: record.name, role: record.role, scopes: record.scopes,
            workspaceID: record.workspaceID, createdAt: record.createdAt, expiresAt: record.expiresAt)
        return CreatedReply(created, at: "/auth/api-keys/\(record.id)", isSecret: true)
    }

    func show(_ call: Call) async throws -> Reply<APIKeyRecord> {
        Reply(try await accounts.store.apiKey(call.parameter("id"), in: call.workspace))
    }

    /// Revokes a key: it is refused from now on, here and, within the verifiers' trust, everywhere.
    func revoke(_ call: Call) async throws -> NoContent {
        let record = try await accounts.store.revokeAPIKey(call.parameter("id"), in: call.workspace, now: call.now)
        accounts.verifier.invalidate(.apiKey(id: record.id))
        return NoContent()
    }
}
