import CSystem
import Models

#if canImport(Glibc)
    import Glibc
#endif

/// A SQLite database: one writer with group commit, a read-only connection per event loop, threads for long reads.
public final class Database: Sendable {
    /// Limits; the defaults are for ten databases in one process that is to stay small.
    public struct Options: Sendable {
        /// Writes that may wait. A loop that serves hundreds of connections has at most one each.
        public var writesQueuedMax = 4096
        /// Writes of one commit, so that the first of them need not wait long for the last.
        public var batchWritesMax = 256
        /// After this long no further write joins a batch.
        public var batchNanosecondsMax: UInt64 = 20_000_000
        /// How long another process may hold the database.
        public var busyMilliseconds = 5000
        /// Of each connection.
        public var cacheKilobytes = 1024
        /// Of the database file, read without copying; the operating system's cache serves all connections.
        public var mappedBytesMax = 64 << 20
        /// Pages by which the write-ahead log grows until it is checkpointed: 4 MB.
        public var checkpointPages = 1000
        /// What the write-ahead log is cut back to once it is checkpointed.
        public var walBytesMax = 8 << 20
        public var longReadThreadsMax = 2
        public var longReadsQueuedMax = 256
        public var longReadSeconds = 30.0
        /// A limit on the file, in pages of 4 KB: a small disk, for tests.
        public var pageCountMax: Int?

        public init() {}
    }

    static let closedError = ServiceError(
        .unavailable, "the service is shutting down: try again", cause: "the database is closed", retryAfterSeconds: 1)

    private let writer: Writer
    private let loopReaders: LoopReaders
    private let longReaders: LongReaders

    /// Opens the file, which is created with its folder when missing (0600, 0700), and applies the migrations that it lacks.
    /// - Throws: `ServiceError`: `internal` when the database is not this list's, or no database.
    public init(path: String, migrations: [Migration], options: Options = Options(), clock: WallClock = .system) throws {
        try DatabaseFile.prepare(path)
        let connection = try Connection(path: path, mode: .write, options: options)
        try Migrator.migrate(connection, with: migrations, at: clock.now())
        writer = Writer(connection, options: options)
        loopReaders = LoopReaders(path: path, options: options)
        longReaders = LongReaders(path: path, options: options)
    }

    /// Waits for nothing: it may run on one of the threads that it ends.
    deinit { refuse() }

    /// Runs `body` on the writer's thread, in a savepoint of its own, and returns once what it changed is durable.
    ///
    /// Writes run one after another in the order in which they came. A task that is cancelled meanwhile still gets its write.
    /// - Throws: what `body` throws, which undoes it and nothing else; `StorageError` for a broken constraint; `ServiceError`
    ///   `unavailable` when the queue is full, `diskFull`, or `internal`.
    @discardableResult
    public func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await writer.write(body)
    }

    /// Runs a short read in a snapshot of its own: on an event loop at once, on that loop's own connection; elsewhere as
    /// `readLong`.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        guard let loop = nexus_thread_loop() else { return try await readLong(body) }
        return try loopReaders.read(on: UInt(bitPattern: loop), body)
    }

    /// Runs a read that may take its time, such as a search or an export, on a thread of its own.
    /// - Throws: `CancellationError` soon after the task is cancelled; `ServiceError` `timeout` when it takes longer than
    ///   `seconds`,
    ///   `unavailable` when too many wait.
    public func readLong<T: Sendable>(
        seconds: Double? = nil, _ body: @escaping @Sendable (Reader) throws -> T
    ) async throws -> T {
        try await longReaders.read(seconds: seconds, body)
    }

    /// What was done so far.
    public var statistics: DatabaseStatistics { writer.statistics }

    /// Finishes what waits, then closes every connection; later calls are refused with `unavailable`. Blocks until that is
    /// done, so it must not be called from within a read or a write.
    public func close() {
        refuse()
        longReaders.waitForThreads()
        writer.waitForThread()
    }

    private func refuse() {
        longReaders.close()
        loopReaders.close()
        writer.close()
    }
}

/// The file of a database, before SQLite sees it.
enum DatabaseFile {
    /// Makes the folder (0700) and the file (0600), whose mode SQLite copies to the files beside it.
    static func prepare(_ path: String) throws {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeFolder(String(path[..<slash])) }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { _ = Glibc.close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw failure("chmod", path) }
    }

    private static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { throw failure("mkdir", path) }
        try makeFolder(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir", path) }
    }

    private static func failure(_ call: String, _ path: String) -> ServiceError {
        let number = errno
        let cause = "\(call) \(path): \(String(cString: strerror(number)))"
        guard number != ENOSPC, number != EDQUOT else {
            return ServiceError(.diskFull, "the disk is full: free some space and try again", cause: cause)
        }
        return ServiceError.internal(cause)
    }
}
