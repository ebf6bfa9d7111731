public import Models
import Storage

/// A user to be made.
public struct NewUser: Sendable {
    public var username: String
    /// From `PasswordWorker.hash`.
    public var passwordHash: String
    public var displayName: String?
    public var email: String?
    public var memberships: [Membership]

    public init(
        username: String, passwordHash: String, displayName: String? = nil, email: String? = nil, memberships: [Membership] = []
    ) {
        self.username = username
        self.passwordHash = passwordHash
        self.displayName = displayName
        self.email = email
        self.memberships = memberships
    }
}

/// What of a user changes; what is nil or absent stays.
public struct UserChange: Sendable {
    public var username: String?
    /// From `PasswordWorker.hash`. A new password ends every sign-in of the user.
    public var passwordHash: String?
    public var displayName: String?
    public var email: Field<String> = .absent
    /// Disabling ends every sign-in of the user.
    public var disabled: Bool?
    /// All of the user's memberships from now on.
    public var memberships: [Membership]?

    public init() {}
}

extension IdentityStore {
    /// Makes a user.
    /// - Throws: `ServiceError` 400 naming the field, 409 when the username is taken.
    public func createUser(_ new: NewUser, now: Timestamp) async throws -> User {
        try IdentityRules.checkUsername(new.username)
        let name = try IdentityRules.name(new.displayName ?? new.username, field: "display_name")
        let email = try new.email.map { try IdentityRules.email($0) }
        let id = Identifier.make("user", at: now)
        return try await database.write { transaction in
            try IdentityStore.naming("a user with this username", "username") {
                try transaction.run(
                    """
                    INSERT INTO users (id, username, password_hash, display_name, email, created_at, updated_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """, id, new.username, new.passwordHash, name, email, now, now)
            }
            try IdentityStore.setMemberships(new.memberships, of: id, transaction)
            return try IdentityStore.user(id, transaction)
        }
    }

    /// The user with this id or username.
    /// - Throws: `ServiceError` 404.
    public func user(_ reference: String) async throws -> User {
        try await database.read { try IdentityStore.user(reference, $0) }
    }

    /// A page of users, the oldest first: those who are members of `workspace`, or all.
    public func users(in workspace: String?, limit: Int, cursor: String?) async throws -> IdentityPage<User> {
        let start = try IdentityPage<User>.start(cursor)
        return try await database.read { reader in
            let ids = try reader.all(
                """
                SELECT id FROM users WHERE id > ?
                AND (? IS NULL OR EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id AND m.workspace_id = ?))
                ORDER BY id LIMIT ?
                """, start, workspace, workspace, limit + 1
            ) { $0.text(0) }
            return IdentityPage(try ids.map { try IdentityStore.user($0, reader) }, limit: limit, id: \.id)
        }
    }

    /// Changes a user.
    /// - Throws: `ServiceError` 400 naming the field, 404, 409 when the username is taken or nobody would own the first workspace
    ///   any more.
    public func changeUser(_ reference: String, _ change: UserChange, now: Timestamp) async throws -> User {
        if let username = change.username { try IdentityRules.checkUsername(username) }
        let name = try change.displayName.map { try IdentityRules.name($0, field: "display_name") }
        if case .value(let email) = change.email { _ = try IdentityRules.email(email) }
        return try await database.write { transaction in
            let old = try IdentityStore.user(reference, transaction)
            try IdentityStore.naming("a user with this username", "username") {
                try transaction.run(
                    "UPDATE users SET username = ?, display_name = ?, email = ?, disabled = ?, updated_at = ? WHERE id = ?",
                    change.username ?? old.username, name ?? old.displayName, change.email.applied(to: old.email),
                    change.disabled ?? old.disabled, now, old.id)
            }
            if let hash = change.passwordHash {
                try transaction.run("UPDATE users SET password_hash = ? WHERE id = ?", hash, old.id)
            }
            if let memberships = change.memberships { try IdentityStore.setMemberships(memberships, of: old.id, transaction) }
            if change.passwordHash != nil || change.disabled == true {
                try IdentityStore.revokeSignIns(ofUser: old.id, transaction, now)
            }
            try IdentityStore.checkSomebodyOwnsTheSuite(transaction)
            return try IdentityStore.user(old.id, transaction)
        }
    }

    /// Deletes a user, their memberships and sign-ins.
    /// - Throws: `ServiceError` 404, 409 when nobody would own the first workspace any more.
    public func deleteUser(_ reference: String) async throws {
        try await database.write { transaction in
            let user = try IdentityStore.user(reference, transaction)
            try transaction.run("DELETE FROM users WHERE id = ?", user.id)
            try IdentityStore.checkSomebodyOwnsTheSuite(transaction)
        }
    }

    /// The id and the password's hash of an enabled user by username; nil when there is none.
    func passwordHash(ofUsername username: String) async throws -> (id: String, hash: String)? {
        try await database.read { reader in
            try reader.one("SELECT id, password_hash FROM users WHERE username = ? AND disabled = 0", username) {
                ($0.text(0), $0.text(1))
            }
        }
    }

    static func user(_ reference: String, _ reader: some SQLReader) throws -> User {
        let found = try reader.one(
            """
            SELECT id, username, display_name, email, disabled, created_at, updated_at FROM users WHERE id = ?1
            UNION ALL
            SELECT id, username, display_name, email, disabled, created_at, updated_at FROM users WHERE username = ?1
            """, reference
        ) { row in
            User(
                id: row.text(0), username: row.text(1), displayName: row.text(2), email: row.textOrNil(3), disabled: row.bool(4),
                memberships: [], createdAt: row.timestamp(5), updatedAt: row.timestamp(6))
        }
        guard var user = found else { throw ServiceError.notFound("user") }
        user.memberships = try reader.all(
            "SELECT workspace_id, role FROM memberships WHERE user_id = ? ORDER BY workspace_id", user.id
        ) { Membership(workspaceID: $0.text(0), role: try role($0, 1)) }
        return user
    }

    private static func setMemberships(_ memberships: [Membership], of user: String, _ transaction: Transaction) throws {
        try transaction.run("DELETE FROM memberships WHERE user_id = ?", user)
        for membership in memberships {
            let workspace = try workspaceForBody(membership.workspaceID, field: "memberships", transaction)
            try transaction.run(
                "INSERT OR REPLACE INTO memberships (user_id, workspace_id, role) VALUES (?, ?, ?)", user, workspace,
                membership.role.rawValue)
        }
    }

    /// A suite that nobody owns could never be put right.
    static func checkSomebodyOwnsTheSuite(_ transaction: Transaction) throws {
        let owner = try transaction.one(
            """
            SELECT 1 FROM memberships JOIN users ON users.id = memberships.user_id
            WHERE workspace_id = ? AND role = ? AND disabled = 0 LIMIT 1
            """, Workspace.first, Role.owner.rawValue
        ) { _ in true }
        guard owner != nil else { throw ServiceError.conflict("the workspace default must keep an owner", code: "last_owner") }
    }

    /// Says a broken unique constraint in the caller's words.
    static func naming(_ what: String, _ field: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch StorageError.uniqueViolation {
            throw ServiceError(.conflict, "\(what) exists already", field: field)
        }
    }
}
