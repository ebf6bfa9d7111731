import CSQLite
import Models

/// One row of a result, valid only inside the closure that it is handed to. Columns count from 0. A column that is NULL reads
/// as `""`, `0` or `false` where the type has no nil, as SQLite itself converts it.
public struct Row {
    let statement: OpaquePointer

    public func isNull(_ index: Int) -> Bool { sqlite3_column_type(statement, Int32(index)) == SQLITE_NULL }

    public func text(_ index: Int) -> String { String(decoding: raw(text: index), as: UTF8.self) }
    public func textOrNil(_ index: Int) -> String? { isNull(index) ? nil : text(index) }

    public func int(_ index: Int) -> Int64 { sqlite3_column_int64(statement, Int32(index)) }
    public func intOrNil(_ index: Int) -> Int64? { isNull(index) ? nil : int(index) }

    public func double(_ index: Int) -> Double { sqlite3_column_double(statement, Int32(index)) }
    public func doubleOrNil(_ index: Int) -> Double? { isNull(index) ? nil : double(index) }

    public func bool(_ index: Int) -> Bool { int(index) != 0 }
    public func boolOrNil(_ index: Int) -> Bool? { isNull(index) ? nil : bool(index) }

    /// The bytes of a blob, or the UTF-8 of a text.
    public func bytes(_ index: Int) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, Int32(index)) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, Int32(index)))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
    public func bytesOrNil(_ index: Int) -> [UInt8]? { isNull(index) ? nil : bytes(index) }

    public func timestamp(_ index: Int) -> Timestamp { Timestamp(milliseconds: int(index)) }
    public func timestampOrNil(_ index: Int) -> Timestamp? { isNull(index) ? nil : timestamp(index) }

    /// The column as it is stored.
    public func value(_ index: Int) -> SQLValue {
        switch sqlite3_column_type(statement, Int32(index)) {
        case SQLITE_INTEGER: .integer(int(index))
        case SQLITE_FLOAT: .real(double(index))
        case SQLITE_TEXT: .text(text(index))
        case SQLITE_BLOB: .bytes(bytes(index))
        default: .null
        }
    }

    private func raw(text index: Int) -> UnsafeRawBufferPointer {
        // `column_text` before `column_bytes`: the first converts, the second then counts what the first made.
        let start = sqlite3_column_text(statement, Int32(index))
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(index))))
    }
}
