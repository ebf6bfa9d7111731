public import Models
import Storage

/// What a credential was found to stand for.
public struct ResolvedCredential: Sendable {
    public var principal: Principal
    /// When it is over by itself.
    public var expires: Timestamp?
    /// The sign-in that it comes from.
    public var signIn: String?

    public init(principal: Principal, expires: Timestamp? = nil, signIn: String? = nil) {
        self.principal = principal
        self.expires = expires
        self.signIn = signIn
    }
}

extension IdentityStore {
    /// The principal of an API key, a session cookie or a JWT; agents' tokens are the runs service's to resolve.
    /// - Throws: `ServiceError.unauthenticated`, whatever is wrong with it.
    public func principal(for credential: Credential, jwt: JWTVerifier, now: Timestamp) async throws -> ResolvedCredential {
        switch credential.kind {
        case .apiKey: try await principal(ofAPIKey: credential.token, now: now)
        case .session: try await principal(ofSession: credential.token, now: now)
        case .jwt: try await principal(of: try jwt.verify(credential.token, now: now), now: now)
        case .agentToken, .malformed: throw ServiceError.unauthenticated
        }
    }

    /// The principal of an enabled user as the store has it now; nil when there is none.
    public func principal(ofUser id: String) async throws -> Principal? {
        try await database.read { reader in
            let name = try reader.one("SELECT display_name FROM users WHERE id = ? AND disabled = 0", id) { $0.text(0) }
            guard let name else { return nil }
            let rows = try reader.all(
                """
                SELECT workspaces.id, slug, role FROM memberships JOIN workspaces ON workspaces.id = workspace_id
                WHERE user_id = ? ORDER BY workspaces.created_at, workspaces.id
                """, id
            ) { (id: $0.text(0), slug: $0.text(1), role: try IdentityStore.role($0, 2)) }
            var principal = Principal(kind: .user, id: id, name: name, homeWorkspace: rows.first?.id ?? Workspace.first)
            for row in rows {
                principal.memberships[row.id] = row.role
                if row.slug != row.id { principal.workspaceSlugs[row.slug] = row.id }
            }
            return principal
        }
    }

    /// A user's token speaks for the user as the store has them now, and no longer than their sign-in lasts. Other subjects (of
    /// `nexus token`, of outside issuers) have only what their claims say.
    private func principal(of claims: Claims, now: Timestamp) async throws -> ResolvedCredential {
        let expires = claims.expires.adding(seconds: JWTVerifier.leewaySeconds)
        guard claims.issuerName == nil, claims.subject.hasPrefix("user_") else {
            return ResolvedCredential(principal: try await named(claims.principal), expires: expires)
        }
        if let signIn = claims.session {
            guard try await isSignInAlive(signIn, user: claims.subject, now: now) else { throw ServiceError.unauthenticated }
        }
        guard let principal = try await principal(ofUser: claims.subject) else { throw ServiceError.unauthenticated }
        return ResolvedCredential(principal: principal, expires: expires, signIn: claims.session)
    }

    private func principal(ofSession token: ArraySlice<UInt8>, now: Timestamp) async throws -> ResolvedCredential {
        guard Token.isWellFormed(token, prefix: "nxs_"), let session = try await session(cookieHash: Token.hash(token), now: now),
            let principal = try await principal(ofUser: session.user)
        else { throw ServiceError.unauthenticated }
        return ResolvedCredential(principal: principal, expires: session.expires, signIn: session.signIn)
    }

    private func principal(ofAPIKey token: ArraySlice<UInt8>, now: Timestamp) async throws -> ResolvedCredential {
        guard Token.isWellFormed(token, prefix: APIKey.prefix), let key = try await apiKey(hash: Token.hash(token), now: now)
        else {
            throw ServiceError.unauthenticated
        }
        let isStale = key.lastUsedAt.map { now.seconds(since: $0) >= IdentityStore.lastUsedSeconds } ?? true
        if isStale, !isReadOnly {
            // try?: a full disk must not shut out those who only read.
            try? await touchAPIKey(key.id, now: now)
        }
        let principal = Principal(
            kind: .apiKey, id: key.id, name: key.name, homeWorkspace: key.workspaceID, memberships: [key.workspaceID: key.role],
            scopes: key.scopes.map { Set($0) })
        return ResolvedCredential(principal: try await named(principal), expires: key.expiresAt)
    }

    /// `last_used_at` is written no more often.
    private static let lastUsedSeconds = 60.0

    /// The same, with its workspaces known by their slugs too; and those workspaces that a token names by slug known by their
    /// ids.
    private func named(_ principal: Principal) async throws -> Principal {
        try await database.read { reader in
            var named = principal
            named.memberships = [:]
            for (reference, role) in principal.memberships {
                let workspace = try IdentityStore.found { try IdentityStore.workspace(reference, reader) }
                named.memberships[workspace?.id ?? reference] = role
                if let workspace, workspace.slug != workspace.id { named.workspaceSlugs[workspace.slug] = workspace.id }
            }
            let home = try IdentityStore.found { try IdentityStore.workspace(principal.homeWorkspace, reader) }
            named.homeWorkspace = home?.id ?? principal.homeWorkspace
            return named
        }
    }
}
