import Models

/// Threads for reads that may take long, each with a connection of its own. They start when they are needed and end when they
/// are idle.
final class LongReaders: Sendable {
    /// An idle thread ends, and frees its connection, after this long.
    static let idleSeconds = 10.0

    static let queueFull = ServiceError(
        .unavailable, "too many long queries are waiting: try again", cause: "the queue of long reads is full",
        retryAfterSeconds: 1)

    /// Given a connection, or the error that there is none.
    private typealias Job = @Sendable (Result<Connection, any Error>) -> Void

    private let queue: JobQueue<Job>
    private let path: String
    private let options: Database.Options

    init(path: String, options: Database.Options) {
        self.path = path
        self.options = options
        queue = JobQueue(capacity: options.longReadsQueuedMax, threadsMax: options.longReadThreadsMax)
    }

    func read<T: Sendable>(seconds: Double?, _ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        let limit = ReadLimit(seconds: seconds ?? options.longReadSeconds)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit { connection in
                    continuation.resume(with: Result { try LongReaders.run(body, on: connection.get(), limit) })
                }
            }
        } onCancel: {
            limit.cancel()
        }
    }

    private static func run<T>(_ body: (Reader) throws -> T, on connection: Connection, _ limit: ReadLimit) throws -> T {
        try limit.check()
        return try Reader.snapshot(of: connection) { reader in
            // Within the snapshot: its end must not be stopped by the limit.
            connection.limit = limit
            defer { connection.limit = nil }
            return try body(reader)
        }
    }

    private func submit(_ job: @escaping Job) {
        do throws(JobQueue<Job>.Refusal) {
            if try queue.offer(job) { startThread() }
        } catch {
            job(.failure(error == .full ? LongReaders.queueFull : Database.closedError))
        }
    }

    private func startThread() {
        do {
            try WorkerThread.start { [queue, path, options] in
                LongReaders.work(queue) { try Connection(path: path, mode: .read, options: options) }
                queue.leave()
            }
        } catch {
            for job in queue.abandon() { job(.failure(error)) }
        }
    }

    private static func work(_ queue: JobQueue<Job>, _ open: () throws -> Connection) {
        var connection: Connection?
        while let job = queue.take(1, waitingSeconds: idleSeconds).first {
            let opened = Result { try connection ?? open() }
            connection = try? opened.get()  // try?: the job is told the error
            job(opened)
        }
    }

    /// Refuses new reads; those that wait are still done.
    func close() { queue.close() }

    /// Blocks until the threads of the closed readers have ended.
    func waitForThreads() { queue.waitForThreads() }
}
