import CSQLite
import Models

/// One write: its own savepoint within the batch that is committed together. Valid only inside the closure it is handed to.
public final class Transaction: SQLReader {
    private let connection: Connection
    private(set) var isOpen = true
    private(set) var afterCommitBlocks: [@Sendable () -> Void] = []

    init(_ connection: Connection) { self.connection = connection }

    public func query(_ sql: String, arguments: [(any SQLBindable)?], _ row: (Row) throws -> Bool) throws {
        guard isOpen else { throw ServiceError.internal("a transaction was used after its end") }
        try connection.query(sql, arguments, row)
    }

    /// Runs one statement.
    /// - Returns: how many rows it changed.
    /// - Throws: `StorageError` when a constraint forbids it; `ServiceError` otherwise.
    @discardableResult
    public func run(_ sql: String, arguments: [(any SQLBindable)?]) throws -> Int {
        try query(sql, arguments: arguments) { _ in true }
        return Int(sqlite3_changes(connection.handle))
    }

    /// Runs one statement.
    /// - Returns: how many rows it changed.
    /// - Throws: `StorageError` when a constraint forbids it; `ServiceError` otherwise.
    @discardableResult
    public func run(_ sql: String, _ arguments: (any SQLBindable)?...) throws -> Int {
        try run(sql, arguments: arguments)
    }

    /// The rowid of the row inserted last.
    public var lastInsertedRowID: Int64 { sqlite3_last_insert_rowid(connection.handle) }

    /// Runs `block` once this write is durable, and before its caller hears of it; not at all when it is not. It runs on the
    /// writer's thread: it must be short, and must not wait for anything.
    public func afterCommit(_ block: @escaping @Sendable () -> Void) { afterCommitBlocks.append(block) }

    func end() { isOpen = false }
}
