import CSQLite
import Models

/// A prepared statement of one connection.
final class Statement {
    let pointer: OpaquePointer
    let sql: String
    /// True while its rows are read: the same SQL asked for meanwhile gets a statement of its own.
    var isBusy = false
    /// The connection's count of uses when this one was last used.
    var lastUse: UInt64 = 0

    init(_ sql: String, on handle: OpaquePointer, persistent: Bool) throws {
        var prepared: OpaquePointer?
        var sql = sql
        let flags = persistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let (code, rest) = sql.withUTF8 { text -> (Int32, Int) in
            text.withMemoryRebound(to: CChar.self) { characters in
                var tail: UnsafePointer<CChar>?
                let code = sqlite3_prepare_v3(
                    handle, characters.baseAddress, Int32(characters.count), flags, &prepared, &tail)
                let consumed = tail.map { $0 - characters.baseAddress! } ?? characters.count
                return (code, characters[min(consumed, characters.count)...].count { $0 > 32 && $0 != 59 })
            }
        }
        guard code == SQLITE_OK else { throw SQLiteFailure.error(code, on: handle, sql: sql) }
        guard let prepared else { throw ServiceError.internal("an empty statement") }
        guard rest == 0 else {
            sqlite3_finalize(prepared)
            throw ServiceError.internal("more than one statement in: \(sql.prefix(400))")
        }
        pointer = prepared
        self.sql = sql
    }

    deinit { sqlite3_finalize(pointer) }

    /// Binds every argument. Throws `internal` when their number is not the statement's.
    func bind(_ arguments: [(any SQLBindable)?], on handle: OpaquePointer) throws {
        guard Int(sqlite3_bind_parameter_count(pointer)) == arguments.count else {
            throw ServiceError.internal("\(arguments.count) arguments for: \(sql.prefix(400))")
        }
        for (offset, argument) in arguments.enumerated() {
            let code = bind(argument?.sqlValue ?? .null, at: Int32(offset + 1))
            guard code == SQLITE_OK else { throw SQLiteFailure.error(code, on: handle, sql: sql) }
        }
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(pointer, index)
        case .integer(let integer): return sqlite3_bind_int64(pointer, index, integer)
        case .real(let real): return sqlite3_bind_double(pointer, index, real)
        case .text(var text):
            return text.withUTF8 { bindText(UnsafeRawBufferPointer($0), at: index) }
        case .utf8(let bytes):
            return bytes.withUnsafeBytes { bindText($0, at: index) }
        case .bytes(let bytes):
            return bytes.withUnsafeBytes { raw in
                // A null pointer would bind NULL, which an empty blob is not.
                guard let start = raw.baseAddress, !raw.isEmpty else { return sqlite3_bind_zeroblob(pointer, index, 0) }
                return nexus_sqlite_bind_blob(pointer, index, start, UInt64(raw.count))
            }
        }
    }

    private func bindText(_ raw: UnsafeRawBufferPointer, at index: Int32) -> Int32 {
        // A null pointer would bind NULL, which an empty text is not.
        guard let start = raw.baseAddress, !raw.isEmpty else { return nexus_sqlite_bind_text(pointer, index, "", 0) }
        return nexus_sqlite_bind_text(pointer, index, start.assumingMemoryBound(to: CChar.self), UInt64(raw.count))
    }

    /// Ends the statement's use: its locks and the copies of its arguments go.
    func finish() {
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
        isBusy = false
    }
}
