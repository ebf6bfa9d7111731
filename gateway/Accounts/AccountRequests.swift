import Identity
import Models

/// `POST /auth/login`.
struct SignIn: Codable, Sendable {
    var username: String
    var password: String
    /// A session cookie is wanted, too.
    var session: Bool?
}

/// What a sign-in gives.
struct SignedInAnswer: Codable, Sendable {
    let accessToken: String
    let tokenType: String
    let expiresIn: Int
    let refreshToken: String
    let csrfToken: String

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token", tokenType = "token_type", expiresIn = "expires_in", refreshToken = "refresh_token"
        case csrfToken = "csrf_token"
    }
}

/// `POST /auth/refresh`.
struct RefreshRequest: Codable, Sendable {
    var refreshToken: String

    enum CodingKeys: String, CodingKey { case refreshToken = "refresh_token" }
}

/// `POST /auth/logout`.
struct SignOutRequest: Codable, Sendable {
    var refreshToken: String?

    enum CodingKeys: String, CodingKey { case refreshToken = "refresh_token" }
}

/// `GET /auth/me`.
struct Me: Codable, Sendable {
    let kind: Principal.Kind
    let id: String
    let name: String
    let role: Role?
    let scopes: [Scope]?
    let workspaceID: String
    let workspaces: [Membership]
    let runID: String?

    enum CodingKeys: String, CodingKey {
        case kind, id, name, role, scopes, workspaceID = "workspace_id", workspaces, runID = "run_id"
    }
}

/// `POST /auth/users`.
struct CreateUser: Codable, Sendable {
    var username: String
    var password: String
    var displayName: String?
    var email: String?
    /// In the request's workspace; `viewer` when neither this nor `memberships` is said.
    var role: Role?
    var memberships: [Membership]?

    enum CodingKeys: String, CodingKey { case username, password, displayName = "display_name", email, role, memberships }
}

/// `PATCH /auth/users/{id}`.
struct UpdateUser: Codable, Sendable {
    var username: String?
    var password: String?
    var displayName: String?
    var email: Field<String>
    var disabled: Bool?
    var memberships: [Membership]?

    enum CodingKeys: String, CodingKey { case username, password, displayName = "display_name", email, disabled, memberships }
}

/// `POST /auth/api-keys`.
struct CreateAPIKey: Codable, Sendable {
    var name: String
    var role: Role
    /// `<service>:read` or `<service>:write`; not limited when left out.
    var scopes: [String]?
    var expiresAt: Timestamp?

    enum CodingKeys: String, CodingKey { case name, role, scopes, expiresAt = "expires_at" }
}

/// A new API key: the only answer that ever holds the key itself.
struct CreatedAPIKey: Codable, Sendable {
    let id: String
    let key: String
    let prefix: String
    let name: String
    let role: Role
    let scopes: [Scope]?
    let workspaceID: String
    let createdAt: Timestamp
    let expiresAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, key, prefix, name, role, scopes, workspaceID = "workspace_id", createdAt = "created_at", expiresAt = "expires_at"
    }
}

/// `POST /auth/workspaces`.
struct CreateWorkspace: Codable, Sendable {
    var name: String
    var slug: String?
}

/// `PATCH /auth/workspaces/{id}`.
struct UpdateWorkspace: Codable, Sendable {
    var name: String?
    var slug: String?
}

/// `POST /auth/workspaces/{id}/members`.
struct SetMember: Codable, Sendable {
    /// An id or a username.
    var userID: String
    var role: Role

    enum CodingKeys: String, CodingKey { case userID = "user_id", role }
}
