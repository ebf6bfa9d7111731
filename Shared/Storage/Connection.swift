import CSQLite
import Models

/// One connection and its prepared statements. Used by one thread at a time; whoever owns it sees to that.
final class Connection {
    enum Mode { case write, read }

    /// Prepared statements kept; the longest unused one goes first. A few KB each.
    static let statementsMax = 64

    let handle: OpaquePointer
    /// Stops what runs too long or is no longer wanted; nil when nothing may.
    var limit: ReadLimit? { didSet { installLimit() } }
    /// Pages in the write-ahead log after the last commit of this connection, and at the last checkpoint.
    private var walPages = 0
    private var walPagesAtCheckpoint = 0
    private var statements: [String: Statement] = [:]
    private var uses: UInt64 = 0

    init(path: String, mode: Mode, options: Database.Options) throws {
        _ = Connection.configured
        // NOMUTEX: the owner serialises. EXRESCODE: errors say what exactly failed.
        let access = mode == .write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            defer { sqlite3_close_v2(opened) }
            throw SQLiteFailure.error(code, on: opened, sql: "open \(path)")
        }
        handle = opened
        do {
            nexus_sqlite_defensive(handle)
            sqlite3_busy_timeout(handle, Int32(options.busyMilliseconds))
            for pragma in Connection.pragmas(mode, options) { try execute(pragma) }
            if mode == .write { watchWAL() }
        } catch {
            sqlite3_close_v2(opened)
            throw error
        }
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Done once, before the first connection is opened.
    private static let configured: Int32 = nexus_sqlite_configure()

    private static func pragmas(_ mode: Mode, _ options: Database.Options) -> [String] {
        var pragmas = [
            "PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF", "PRAGMA temp_store = MEMORY",
            "PRAGMA cache_size = -\(options.cacheKilobytes)", "PRAGMA mmap_size = \(options.mappedBytesMax)",
        ]
        guard mode == .write else { return pragmas + ["PRAGMA query_only = ON"] }
        pragmas += [
            "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
            // The writer checkpoints by itself, after it has answered (`Writer`).
            "PRAGMA wal_autocheckpoint = 0", "PRAGMA journal_size_limit = \(options.walBytesMax)",
        ]
        if let pages = options.pageCountMax { pragmas.append("PRAGMA max_page_count = \(pages)") }
        return pragmas
    }

    /// Runs statements that take no arguments and whose rows nobody wants.
    func execute(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure.error(code, on: handle, sql: sql) }
    }

    /// True when no transaction is open: after one was begun, SQLite has rolled it back by itself.
    var isAutocommit: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// Runs one statement and hands each row to `row` until that returns false.
    func query(_ sql: String, _ arguments: [(any SQLBindable)?], _ row: (Row) throws -> Bool) throws {
        let statement = try prepared(sql)
        defer { statement.finish() }
        try statement.bind(arguments, on: handle)
        let current = Row(statement: statement.pointer)
        while true {
            try limit?.check()
            switch sqlite3_step(statement.pointer) {
            case SQLITE_ROW: guard try row(current) else { return }
            case SQLITE_DONE: return
            case let code:
                if code & 0xff == SQLITE_INTERRUPT { try limit?.check() }
                throw SQLiteFailure.error(code, on: handle, sql: sql)
            }
        }
    }

    private func prepared(_ sql: String) throws -> Statement {
        uses += 1
        if let kept = statements[sql], !kept.isBusy {
            kept.isBusy = true
            kept.lastUse = uses
            return kept
        }
        let isSecond = statements[sql] != nil
        let statement = try Statement(sql, on: handle, persistent: !isSecond)
        statement.isBusy = true
        statement.lastUse = uses
        guard !isSecond else { return statement }
        if statements.count >= Connection.statementsMax,
            let oldest = statements.values.filter({ !$0.isBusy }).min(by: { $0.lastUse < $1.lastUse })
        {
            statements[oldest.sql] = nil
        }
        statements[sql] = statement
        return statement
    }

    /// Rolls back an open transaction.
    func rollBack() {
        guard !isAutocommit else { return }
        // try?: ROLLBACK ends the transaction even where it reports an error, and the caller has that which led here.
        try? query("ROLLBACK", []) { _ in true }
    }

    /// Whether the write-ahead log has grown by `pages` since the last checkpoint. By how much it has grown, not how long it
    /// is: while readers keep it from starting anew, a checkpoint after every commit would cost two more fsyncs each.
    func needsCheckpoint(after pages: Int) -> Bool {
        if walPages < walPagesAtCheckpoint { walPagesAtCheckpoint = 0 }
        return walPages - walPagesAtCheckpoint >= pages
    }

    /// Moves what the write-ahead log holds into the database, as far as no reader needs it; never waits.
    /// - Returns: false when that failed.
    func checkpoint() -> Bool {
        walPagesAtCheckpoint = walPages
        return sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) == SQLITE_OK
    }

    private func watchWAL() {
        // Unretained: the hook is called only by this connection's own commits.
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                Unmanaged<Connection>.fromOpaque(context!).takeUnretainedValue().walPages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func installLimit() {
        guard let limit else { return sqlite3_progress_handler(handle, 0, nil, nil) }
        // Unretained: `self.limit` keeps it as long as it is installed.
        sqlite3_progress_handler(
            handle, ReadLimit.instructionsBetweenChecks,
            { context in Unmanaged<ReadLimit>.fromOpaque(context!).takeUnretainedValue().isOver ? 1 : 0 },
            Unmanaged.passUnretained(limit).toOpaque())
    }
}
