import Glibc
public import Models
public import Storage

/// Who there is: users, workspaces and memberships, API keys, sign-ins. All SQL of `identity.sqlite` is in this type's files.
///
/// The gateway writes it. A service run alone reads it, to take the same credentials.
public struct IdentityStore: Sendable {
    let database: Database
    /// This process is not the one that changes it.
    let isReadOnly: Bool

    /// The file's name within the data folder.
    public static let fileName = "identity.sqlite"

    public init(_ database: Database, isReadOnly: Bool = false) {
        self.database = database
        self.isReadOnly = isReadOnly
    }

    /// Opens the gateway's store, made when missing.
    public static func open(in dataDirectory: String, clock: WallClock = .system) throws -> IdentityStore {
        IdentityStore(try Database(path: "\(dataDirectory)/\(fileName)", migrations: IdentityMigrations.all, clock: clock))
    }

    /// Opens the store for a service run alone; nil when no gateway has ever made one there, and tokens are all that can be
    /// verified.
    public static func openExisting(in dataDirectory: String, clock: WallClock = .system) throws -> IdentityStore? {
        let path = "\(dataDirectory)/\(fileName)"
        guard access(path, R_OK | W_OK) == 0 else { return nil }
        return IdentityStore(try Database(path: path, migrations: IdentityMigrations.all, clock: clock), isReadOnly: true)
    }

    /// Ends the connections.
    public func close() { database.close() }

    /// Makes the first workspace and its owner `admin` when there is no user at all.
    /// - Parameter password: from `NEXUS_ADMIN_PASSWORD`; nil for a random one.
    /// - Returns: the random password, to be printed once; nil when nothing was made or the password was given.
    public func firstStart(password: String?, passwords: PasswordWorker, now: Timestamp) async throws -> String? {
        guard try await database.read({ try IdentityStore.isEmpty($0) }) else { return nil }
        let given = password.flatMap { $0.isEmpty ? nil : $0 }
        let chosen = given ?? Password.random()
        let hash = try await passwords.hash(chosen)
        let made = try await database.write { transaction in
            guard try IdentityStore.isEmpty(transaction) else { return false }
            try transaction.run(
                "INSERT OR IGNORE INTO workspaces (id, slug, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                Workspace.first,
                Workspace.first, "Default", now, now)
            let user = Identifier.make("user", at: now)
            try transaction.run(
                "INSERT INTO users (id, username, password_hash, display_name, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
                user, "admin", hash, "Administrator", now, now)
            try transaction.run(
                "INSERT INTO memberships (user_id, workspace_id, role) VALUES (?, ?, ?)", user, Workspace.first,
                Role.owner.rawValue)
            return true
        }
        return made && given == nil ? chosen : nil
    }

    private static func isEmpty(_ reader: some SQLReader) throws -> Bool {
        try reader.one("SELECT 1 FROM users LIMIT 1") { _ in true } == nil
    }

    /// A role as it is stored.
    static func role(_ row: Row, _ index: Int) throws -> Role {
        guard let role = Role(rawValue: row.text(index)) else {
            throw ServiceError.internal("an unknown role is stored: \(row.text(index))")
        }
        return role
    }
}
