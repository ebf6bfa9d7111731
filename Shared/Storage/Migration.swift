import Models

/// One step of a schema. A database's list of them is append-only: what has been released is never edited, reordered or removed.
public struct Migration: Sendable {
    public let name: String
    public let sql: String

    /// - Parameters:
    ///   - name: unique in its list.
    ///   - sql: one or more statements, without `BEGIN` and `COMMIT`.
    public init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }

    /// FNV-1a of the statements without their white space: recognises a migration that was edited after it was applied.
    var fingerprint: Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in sql.utf8 where byte > 32 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }
}

/// Brings a database to the last migration of the list.
enum Migrator {
    /// Applies what is missing, in order, each in a transaction of its own.
    /// - Throws: `ServiceError` internal when the database holds migrations that are not the beginning of `migrations`.
    static func migrate(_ connection: Connection, with migrations: [Migration], at time: Timestamp) throws {
        guard Set(migrations.map(\.name)).count == migrations.count else {
            throw ServiceError.internal("two migrations have the same name")
        }
        // NORMAL: the next commit's fsync makes these durable too, and a start that loses power just migrates again.
        // Foreign keys are off while tables are rebuilt, and checked before each commit.
        try connection.execute("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF")
        try transaction(connection) {
            try connection.execute(
                """
                CREATE TABLE IF NOT EXISTS nexus_migrations (
                    position INTEGER PRIMARY KEY, name TEXT NOT NULL, fingerprint INTEGER NOT NULL, applied_at INTEGER NOT NULL
                )
                """)
        }
        for position in migrations.indices {
            try transaction(connection) {
                guard try applied(on: connection, comparedWith: migrations) == position else { return }
                try apply(migrations[position], at: position, on: connection, time: time)
            }
        }
        _ = try applied(on: connection, comparedWith: migrations)
        try connection.execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL")
    }

    /// How many are applied. Throws when they are not the first ones of the list.
    private static func applied(on connection: Connection, comparedWith migrations: [Migration]) throws -> Int {
        var count = 0
        try connection.query("SELECT name, fingerprint FROM nexus_migrations ORDER BY position", []) { row in
            let name = row.text(0)
            guard count < migrations.count else {
                throw ServiceError.internal(
                    "the database was migrated by a newer version: this one does not know its migration \"\(name)\"")
            }
            guard migrations[count].name == name else {
                throw ServiceError.internal(
                    "the database's migration \(count + 1) is \"\(name)\", this version's is \"\(migrations[count].name)\"")
            }
            guard migrations[count].fingerprint == row.int(1) else {
                throw ServiceError.internal("migration \"\(name)\" was changed after the database had been migrated with it")
            }
            count += 1
            return true
        }
        return count
    }

    private static func apply(_ migration: Migration, at position: Int, on connection: Connection, time: Timestamp) throws {
        do {
            try connection.execute(migration.sql)
        } catch let error as ServiceError {
            throw ServiceError(
                error.kind, error.message, code: error.code, cause: "migration \"\(migration.name)\": \(error.cause ?? "")")
        }
        guard !connection.isAutocommit else {
            throw ServiceError.internal("migration \"\(migration.name)\" ends the transaction that it runs in")
        }
        try connection.query("PRAGMA foreign_key_check", []) { row in
            throw ServiceError.internal("migration \"\(migration.name)\" breaks a foreign key of table \(row.text(0))")
        }
        try connection.query(
            "INSERT INTO nexus_migrations (position, name, fingerprint, applied_at) VALUES (?, ?, ?, ?)",
            [position, migration.name, migration.fingerprint, time]
        ) { _ in true }
    }

    private static func transaction(_ connection: Connection, _ body: () throws -> Void) throws {
        try connection.execute("BEGIN IMMEDIATE")
        do {
            try body()
            try connection.execute("COMMIT")
        } catch {
            connection.rollBack()
            throw error
        }
    }
}
