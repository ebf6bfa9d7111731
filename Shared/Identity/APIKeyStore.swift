public import Models
import Storage

extension IdentityStore {
    /// Makes a key.
    /// - Parameters:
    ///   - workspace: its id.
    ///   - scopes: nil for a key that is not limited.
    /// - Returns: what is listed of it, and, this once, the key itself.
    /// - Throws: `ServiceError` 400 naming the field, 404 when there is no such workspace.
    public func createAPIKey(
        name: String, role: Role, scopes: Set<Scope>?, expiresAt: Timestamp?, workspace: String, by creator: Actor, now: Timestamp
    ) async throws -> (record: APIKeyRecord, secret: String) {
        let name = try IdentityRules.name(name, field: "name")
        if let expiresAt, expiresAt <= now { throw ServiceError.invalid("expires_at", "must lie in the future") }
        let key = APIKey.make()
        let record = APIKeyRecord(
            id: Identifier.make("key", at: now), workspaceID: workspace, name: name, prefix: key.shown, role: role,
            scopes: scopes.map { IdentityStore.sorted($0) }, createdBy: creator, createdAt: now, expiresAt: expiresAt)
        try await database.write { transaction in
            _ = try IdentityStore.workspace(workspace, transaction)
            try transaction.run(
                """
                INSERT INTO api_keys (id, workspace_id, hash, name, prefix, role, scopes, creator_type, creator_id, creator_name,
                    created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """, record.id, record.workspaceID, key.hash, name, key.shown, role.rawValue,
                record.scopes.map { $0.map(\.rawValue).joined(separator: " ") }, creator.type.rawValue, creator.id, creator.name,
                now,
                expiresAt)
        }
        return (record, key.secret)
    }

    /// A page of a workspace's keys, the oldest first, revoked ones among them.
    public func apiKeys(in workspace: String, limit: Int, cursor: String?) async throws -> IdentityPage<APIKeyRecord> {
        let start = try IdentityPage<APIKeyRecord>.start(cursor)
        return try await database.read { reader in
            let found = try reader.all(
                "SELECT \(IdentityStore.keyColumns) FROM api_keys WHERE workspace_id = ? AND id > ? ORDER BY id LIMIT ?",
                workspace, start,
                limit + 1, map: IdentityStore.record)
            return IdentityPage(found, limit: limit, id: \.id)
        }
    }

    /// One key of a workspace.
    /// - Throws: `ServiceError` 404.
    public func apiKey(_ id: String, in workspace: String) async throws -> APIKeyRecord {
        try await database.read { reader in try IdentityStore.apiKey(id, in: workspace, reader) }
    }

    /// Revokes a key, for good. Once more is no error. The caller invalidates it at its `CredentialVerifier`.
    /// - Throws: `ServiceError` 404.
    public func revokeAPIKey(_ id: String, in workspace: String, now: Timestamp) async throws -> APIKeyRecord {
        try await database.write { transaction in
            try transaction.run(
                "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND workspace_id = ? AND revoked_at IS NULL", now, id, workspace)
            return try IdentityStore.apiKey(id, in: workspace, transaction)
        }
    }

    /// The key with this hash that is neither revoked nor expired.
    func apiKey(hash: [UInt8], now: Timestamp) async throws -> APIKeyRecord? {
        try await database.read { reader in
            try reader.one(
                """
                SELECT \(IdentityStore.keyColumns) FROM api_keys
                WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
                """, hash, now, map: IdentityStore.record)
        }
    }

    /// Remembers that a key was used.
    func touchAPIKey(_ id: String, now: Timestamp) async throws {
        try await database.write { try $0.run("UPDATE api_keys SET last_used_at = ? WHERE id = ?", now, id) }
    }

    private static let keyColumns = """
        id, workspace_id, name, prefix, role, scopes, creator_type, creator_id, creator_name, created_at, expires_at, \
        revoked_at, last_used_at
        """

    private static func apiKey(_ id: String, in workspace: String, _ reader: some SQLReader) throws -> APIKeyRecord {
        let found = try reader.one(
            "SELECT \(keyColumns) FROM api_keys WHERE id = ? AND workspace_id = ?", id, workspace, map: record)
        guard let found else { throw ServiceError.notFound("API key") }
        return found
    }

    private static func record(_ row: Row) throws -> APIKeyRecord {
        let scopes = try row.textOrNil(5).map { text in
            sorted(try Scope.list(text.split(separator: " ").map(String.init)))
        }
        return APIKeyRecord(
            id: row.text(0), workspaceID: row.text(1), name: row.text(2), prefix: row.text(3), role: try role(row, 4),
            scopes: scopes,
            createdBy: Actor(type: ActorType(rawValue: row.text(6)) ?? .service, id: row.text(7), name: row.textOrNil(8)),
            createdAt: row.timestamp(9), expiresAt: row.timestampOrNil(10), revokedAt: row.timestampOrNil(11),
            lastUsedAt: row.timestampOrNil(12))
    }

    private static func sorted(_ scopes: Set<Scope>) -> [Scope] { Scope.all.filter { scopes.contains($0) } }
}
