/// Runs statements: a read-only connection within one snapshot, or a write's transaction.
public protocol SQLReader {
    /// Runs one statement and hands each row to `row` until that returns false. The others are made of this one.
    func query(_ sql: String, arguments: [(any SQLBindable)?], _ row: (Row) throws -> Bool) throws
}

extension SQLReader {
    /// Every row, mapped.
    public func all<T>(_ sql: String, arguments: [(any SQLBindable)?], map: (Row) throws -> T) throws -> [T] {
        var rows: [T] = []
        try query(sql, arguments: arguments) { row in
            rows.append(try map(row))
            return true
        }
        return rows
    }

    /// Every row, mapped.
    public func all<T>(_ sql: String, _ arguments: (any SQLBindable)?..., map: (Row) throws -> T) throws -> [T] {
        try all(sql, arguments: arguments, map: map)
    }

    /// The first row, mapped; nil when there is none.
    public func one<T>(_ sql: String, arguments: [(any SQLBindable)?], map: (Row) throws -> T) throws -> T? {
        var first: T?
        try query(sql, arguments: arguments) { row in
            first = try map(row)
            return false
        }
        return first
    }

    /// The first row, mapped; nil when there is none.
    public func one<T>(_ sql: String, _ arguments: (any SQLBindable)?..., map: (Row) throws -> T) throws -> T? {
        try one(sql, arguments: arguments, map: map)
    }

    /// Hands each row to `body` as it is read: for results that should not be held in memory.
    public func each(_ sql: String, arguments: [(any SQLBindable)?], body: (Row) throws -> Void) throws {
        try query(sql, arguments: arguments) { row in
            try body(row)
            return true
        }
    }

    /// Hands each row to `body` as it is read: for results that should not be held in memory.
    public func each(_ sql: String, _ arguments: (any SQLBindable)?..., body: (Row) throws -> Void) throws {
        try each(sql, arguments: arguments, body: body)
    }
}

/// Reads within one snapshot: two statements see the same state of the database.
public final class Reader: SQLReader {
    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    public func query(_ sql: String, arguments: [(any SQLBindable)?], _ row: (Row) throws -> Bool) throws {
        try connection.query(sql, arguments, row)
    }

    /// Runs `body` in a read transaction of `connection`.
    static func snapshot<T>(of connection: Connection, _ body: (Reader) throws -> T) throws -> T {
        try connection.query("BEGIN", []) { _ in true }
        // It holds no change, so ending it cannot lose any.
        defer { connection.rollBack() }
        return try body(Reader(connection))
    }
}
