public import Models
import Storage

extension IdentityStore {
    /// Makes a workspace and its first owner.
    /// - Parameters:
    ///   - slug: nil to make one of the name.
    ///   - owner: the user who makes it; nil when no user does (a key, the suite).
    /// - Throws: `ServiceError` 400 naming the field, 409 when the slug is taken.
    public func createWorkspace(name: String, slug: String?, owner: String?, now: Timestamp) async throws -> Workspace {
        let name = try IdentityRules.name(name, field: "name")
        guard let slug = slug ?? Slug.make(from: name) else {
            throw ServiceError.invalid("slug", "required: the name gives none")
        }
        try IdentityRules.checkSlug(slug)
        let id = Identifier.make("ws", at: now)
        return try await database.write { transaction in
            try IdentityStore.naming("a workspace with this slug", "slug") {
                try transaction.run(
                    "INSERT INTO workspaces (id, slug, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)", id, slug, name, now,
                    now)
            }
            if let owner {
                try transaction.run(
                    "INSERT INTO memberships (user_id, workspace_id, role) SELECT id, ?, ? FROM users WHERE id = ?", id,
                    Role.owner.rawValue, owner)
            }
            return try IdentityStore.workspace(id, transaction)
        }
    }

    /// The workspace with this id or slug.
    /// - Throws: `ServiceError` 404.
    public func workspace(_ reference: String) async throws -> Workspace {
        try await database.read { try IdentityStore.workspace(reference, $0) }
    }

    /// A page of workspaces, by id: those of `ids`, or all.
    public func workspaces(among ids: [String]?, limit: Int, cursor: String?) async throws -> IdentityPage<Workspace> {
        let start = try IdentityPage<Workspace>.start(cursor)
        return try await database.read { reader in
            let all = try reader.all(
                "SELECT id, slug, name, created_at, updated_at FROM workspaces WHERE id > ? ORDER BY id", start,
                map: IdentityStore.workspace)
            let wanted = ids.map { ids in all.filter { ids.contains($0.id) } } ?? all
            return IdentityPage(wanted, limit: limit, id: \.id)
        }
    }

    /// Renames a workspace.
    /// - Throws: `ServiceError` 400 naming the field, 404, 409 when the slug is taken or is the first workspace's, which stays.
    public func changeWorkspace(_ reference: String, name: String?, slug: String?, now: Timestamp) async throws -> Workspace {
        let name = try name.map { try IdentityRules.name($0, field: "name") }
        if let slug { try IdentityRules.checkSlug(slug) }
        return try await database.write { transaction in
            let old = try IdentityStore.workspace(reference, transaction)
            guard old.id != Workspace.first || slug == nil || slug == Workspace.first else {
                throw ServiceError.conflict("the workspace default keeps its slug")
            }
            try IdentityStore.naming("a workspace with this slug", "slug") {
                try transaction.run(
                    "UPDATE workspaces SET name = ?, slug = ?, updated_at = ? WHERE id = ?", name ?? old.name, slug ?? old.slug,
                    now, old.id)
            }
            return try IdentityStore.workspace(old.id, transaction)
        }
    }

    /// Deletes a workspace, its memberships and its keys. What the services keep of it can be reached by nobody any more: ids do
    /// not return.
    /// - Throws: `ServiceError` 404, 409 for the first one.
    public func deleteWorkspace(_ reference: String) async throws {
        try await database.write { transaction in
            let workspace = try IdentityStore.workspace(reference, transaction)
            guard workspace.id != Workspace.first else { throw ServiceError.conflict("the workspace default cannot be deleted") }
            try transaction.run("DELETE FROM workspaces WHERE id = ?", workspace.id)
        }
    }

    /// A page of a workspace's members, by user id.
    /// - Throws: `ServiceError` 404.
    public func members(of reference: String, limit: Int, cursor: String?) async throws -> IdentityPage<Member> {
        let start = try IdentityPage<Member>.start(cursor)
        return try await database.read { reader in
            let workspace = try IdentityStore.workspace(reference, reader)
            let found = try reader.all(
                """
                SELECT users.id, username, display_name, role FROM memberships JOIN users ON users.id = memberships.user_id
                WHERE workspace_id = ? AND user_id > ? ORDER BY user_id LIMIT ?
                """, workspace.id, start, limit + 1
            ) { Member(userID: $0.text(0), username: $0.text(1), displayName: $0.text(2), role: try IdentityStore.role($0, 3)) }
            return IdentityPage(found, limit: limit, id: \.userID)
        }
    }

    /// The role of a user (by id or username) in a workspace, by id; nil for no member and for nobody.
    public func role(of user: String, in workspace: String) async throws -> Role? {
        try await database.read { reader in
            try reader.one(
                """
                SELECT role FROM memberships JOIN users ON users.id = user_id
                WHERE workspace_id = ? AND (users.id = ? OR username = ?)
                """, workspace, user, user
            ) { try IdentityStore.role($0, 0) }
        }
    }

    /// Makes a user (by id or username) a member, or changes a member's role.
    /// - Throws: `ServiceError` 404, 400 naming `user_id`, 409 when the first workspace would lose its last owner.
    public func setMember(of reference: String, user: String, role: Role) async throws -> Member {
        try await database.write { transaction in
            let workspace = try IdentityStore.workspace(reference, transaction)
            guard let found = try IdentityStore.found({ try IdentityStore.user(user, transaction) }) else {
                throw ServiceError.invalid("user_id", "no such user")
            }
            try transaction.run(
                "INSERT OR REPLACE INTO memberships (user_id, workspace_id, role) VALUES (?, ?, ?)", found.id, workspace.id,
                role.rawValue)
            try IdentityStore.checkSomebodyOwnsTheSuite(transaction)
            return Member(userID: found.id, username: found.username, displayName: found.displayName, role: role)
        }
    }

    /// Ends a membership.
    /// - Throws: `ServiceError` 404 when there is none, 409 when the first workspace would lose its last owner.
    public func removeMember(of reference: String, user: String) async throws {
        try await database.write { transaction in
            let workspace = try IdentityStore.workspace(reference, transaction)
            let user = try IdentityStore.user(user, transaction)
            let removed = try transaction.run(
                "DELETE FROM memberships WHERE workspace_id = ? AND user_id = ?", workspace.id, user.id)
            guard removed > 0 else { throw ServiceError.notFound("member") }
            try IdentityStore.checkSomebodyOwnsTheSuite(transaction)
        }
    }

    static func workspace(_ reference: String, _ reader: some SQLReader) throws -> Workspace {
        let found = try reader.one(
            """
            SELECT id, slug, name, created_at, updated_at FROM workspaces WHERE id = ?1
            UNION ALL
            SELECT id, slug, name, created_at, updated_at FROM workspaces WHERE slug = ?1
            """, reference, map: IdentityStore.workspace)
        guard let found else { throw ServiceError.notFound("workspace") }
        return found
    }

    /// The id of a workspace that a body names.
    static func workspaceForBody(_ reference: String, field: String, _ reader: some SQLReader) throws -> String {
        guard let found = try found({ try workspace(reference, reader) }) else {
            throw ServiceError.invalid(field, "no such workspace")
        }
        return found.id
    }

    /// What `body` finds, or nil where it says 404.
    static func found<T>(_ body: () throws -> T) throws -> T? {
        do {
            return try body()
        } catch let error as ServiceError where error.kind == .notFound {
            return nil
        }
    }

    private static func workspace(_ row: Row) -> Workspace {
        Workspace(id: row.text(0), slug: row.text(1), name: row.text(2), createdAt: row.timestamp(3), updatedAt: row.timestamp(4))
    }
}
