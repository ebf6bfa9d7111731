import CSQLite
import Models

#if canImport(Glibc)
    import Glibc
#endif

/// A constraint of the schema that a statement would have broken: what a store turns into the caller's own words.
public enum StorageError: Error, Sendable, Equatable {
    /// Another row has the same values in these columns (`["workspace_id", "slug"]`).
    case uniqueViolation([String])
    /// A row refers to one that is not there, or one that is still referred to would go.
    case foreignKeyViolation
}

/// What SQLite says, as the suite's own errors.
enum SQLiteFailure {
    /// Seconds after which a caller may try again when the database is busy.
    static let busyRetryAfterSeconds = 1

    /// The error of a call on `handle` that returned `code`; `sql` goes to the log only.
    static func error(_ code: Int32, on handle: OpaquePointer?, sql: String) -> any Error {
        let extended = handle.map { sqlite3_extended_errcode($0) } ?? code
        let detail = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? String(cString: sqlite3_errstr(code))
        let cause = "SQLite \(extended): \(detail) in: \(sql.prefix(400))"
        switch extended {
        case NEXUS_SQLITE_CONSTRAINT_UNIQUE, NEXUS_SQLITE_CONSTRAINT_PRIMARYKEY, NEXUS_SQLITE_CONSTRAINT_ROWID:
            return StorageError.uniqueViolation(columns(of: detail))
        case NEXUS_SQLITE_CONSTRAINT_FOREIGNKEY: return StorageError.foreignKeyViolation
        case _ where isDiskFull(extended, on: handle):
            return ServiceError(.diskFull, "the disk is full: free some space and try again", cause: cause)
        default: break
        }
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED:
            return ServiceError(
                .unavailable, "the database is busy: try again", cause: cause, retryAfterSeconds: busyRetryAfterSeconds)
        default: return ServiceError.internal(cause)
        }
    }

    /// A full disk shows as `SQLITE_FULL`, as a failed write of any of the files, or as `ENOSPC` behind another code.
    private static func isDiskFull(_ extended: Int32, on handle: OpaquePointer?) -> Bool {
        switch extended {
        case SQLITE_FULL, NEXUS_SQLITE_IOERR_WRITE, NEXUS_SQLITE_IOERR_FSYNC, NEXUS_SQLITE_IOERR_DIR_FSYNC,
            NEXUS_SQLITE_IOERR_TRUNCATE,
            NEXUS_SQLITE_IOERR_SHMSIZE, NEXUS_SQLITE_IOERR_SHMMAP:
            return true
        default: break
        }
        guard extended & 0xff == SQLITE_IOERR || extended & 0xff == SQLITE_CANTOPEN, let handle else { return false }
        let number = sqlite3_system_errno(handle)
        return number == ENOSPC || number == EDQUOT
    }

    /// The columns of `UNIQUE constraint failed: agents.workspace_id, agents.slug`.
    private static func columns(of detail: String) -> [String] {
        guard let colon = detail.firstIndex(of: ":") else { return [] }
        return detail[detail.index(after: colon)...].split(separator: ",").map { name in
            let trimmed = name.drop { $0 == " " }
            return String(trimmed.split(separator: ".").last ?? trimmed)
        }
    }
}
