public import Models

/// A workspace: whose members see its objects, and no one else's.
public struct Workspace: Codable, Sendable, Hashable {
    /// `ws_…`; the first one's is `default`.
    public var id: String
    public var slug: String
    public var name: String
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    /// The id and the slug of the first workspace.
    public static let first = "default"

    private enum CodingKeys: String, CodingKey {
        case id, slug, name
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// A role in a workspace, as it stands beside a user.
public struct Membership: Codable, Sendable, Hashable {
    public var workspaceID: String
    public var role: Role

    public init(workspaceID: String, role: Role) {
        self.workspaceID = workspaceID
        self.role = role
    }

    private enum CodingKeys: String, CodingKey {
        case role
        case workspaceID = "workspace_id"
    }
}

/// A member of a workspace, as it stands beside the workspace.
public struct Member: Codable, Sendable, Hashable {
    public var userID: String
    public var username: String
    public var displayName: String
    public var role: Role

    private enum CodingKeys: String, CodingKey {
        case username, role
        case userID = "user_id"
        case displayName = "display_name"
    }
}

/// Someone who signs in. What their password is hashed to never leaves the store.
public struct User: Codable, Sendable, Hashable {
    /// `user_…`.
    public var id: String
    public var username: String
    public var displayName: String
    public var email: String?
    public var disabled: Bool
    public var memberships: [Membership]
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case id, username, email, disabled, memberships
        case displayName = "display_name"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// An API key as it is listed: everything but the key.
public struct APIKeyRecord: Codable, Sendable, Hashable {
    /// `key_…`.
    public var id: String
    public var workspaceID: String
    public var name: String
    /// The key's first characters.
    public var prefix: String
    public var role: Role
    /// Null when the key is not limited to scopes.
    public var scopes: [Scope]?
    public var createdBy: Actor
    public var createdAt: Timestamp
    public var expiresAt: Timestamp?
    public var revokedAt: Timestamp?
    /// To the minute.
    public var lastUsedAt: Timestamp?

    private enum CodingKeys: String, CodingKey {
        case id, name, prefix, role, scopes
        case workspaceID = "workspace_id"
        case createdBy = "created_by"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
        case lastUsedAt = "last_used_at"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(workspaceID, forKey: .workspaceID)
        try container.encode(name, forKey: .name)
        try container.encode(prefix, forKey: .prefix)
        try container.encode(role, forKey: .role)
        try container.encode(scopes, forKey: .scopes)
        try container.encode(createdBy, forKey: .createdBy)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(expiresAt, forKey: .expiresAt)
        try container.encode(revokedAt, forKey: .revokedAt)
        try container.encode(lastUsedAt, forKey: .lastUsedAt)
    }
}

/// A page of a list of identities, in the order in which they were made.
public struct IdentityPage<Item: Sendable>: Sendable {
    public var items: [Item]
    /// The `cursor` of the next page; nil at the end.
    public var nextCursor: String?

    /// Of `limit + 1` items looked for, the page and whether another follows.
    init(_ found: [Item], limit: Int, id: (Item) -> String) {
        items = Array(found.prefix(limit))
        nextCursor = found.count > limit ? items.last.map(id) : nil
    }

    /// The id after which a page begins.
    /// - Throws: `ServiceError` 400 when `cursor` is not one of this list.
    static func start(_ cursor: String?) throws(ServiceError) -> String {
        guard let cursor else { return "" }
        guard cursor.utf8.count <= 64, cursor.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }),
            !cursor.isEmpty
        else { throw .invalid("cursor", "is not one of this list: leave it out to start from the beginning") }
        return cursor
    }
}
