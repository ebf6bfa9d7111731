import Models
import Synchronization

/// The one writer of a database: a thread, started by the first write, that runs queued writes in batches, each one transaction
/// and one fsync.
final class Writer: Sendable {
    static let queueFull = ServiceError(
        .unavailable, "too many writes are waiting: try again", cause: "the write queue is full", retryAfterSeconds: 1)

    private let queue: JobQueue<any WriteJob>
    private let loop: WriterLoop

    init(_ connection: sending Connection, options: Database.Options) {
        queue = JobQueue(capacity: options.writesQueuedMax, threadsMax: 1)
        loop = WriterLoop(connection, queue: queue, options: options)
    }

    /// Waits in the queue, runs with its batch and returns once that is durable.
    func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let write = Write(body, continuation)
            do throws(JobQueue<any WriteJob>.Refusal) {
                if try queue.offer(write) { startThread() }
            } catch {
                write.fail(error == .full ? Writer.queueFull : Database.closedError)
            }
        }
    }

    private func startThread() {
        do {
            try WorkerThread.start { [queue, loop] in
                loop.run()
                queue.leave()
            }
        } catch {
            for write in queue.abandon() { write.fail(error) }
        }
    }

    var statistics: DatabaseStatistics {
        var statistics = loop.statistics.withLock { $0 }
        statistics.queueDepth = queue.count
        return statistics
    }

    /// Refuses new writes; those that wait are still done.
    func close() { queue.close() }

    /// Blocks until the closed writer's thread has ended, and closes the connection.
    func waitForThread() {
        queue.waitForThreads()
        loop.finish()
    }
}

/// A queued write, whatever it gives.
protocol WriteJob: Sendable {
    /// Runs the body and keeps what it gave for `succeed`.
    func execute(in transaction: Transaction) throws
    func succeed()
    func fail(_ error: any Error)
}

final class Write<T: Sendable>: WriteJob, @unchecked Sendable {  // unchecked: `result` is touched by the writer's thread alone
    private let body: @Sendable (Transaction) throws -> T
    private let continuation: CheckedContinuation<T, any Error>
    private var result: T?

    init(_ body: @escaping @Sendable (Transaction) throws -> T, _ continuation: CheckedContinuation<T, any Error>) {
        self.body = body
        self.continuation = continuation
    }

    func execute(in transaction: Transaction) throws { result = try body(transaction) }

    func succeed() {
        guard let result else { return fail(ServiceError.internal("a write succeeded that was not run")) }
        continuation.resume(returning: result)
    }

    func fail(_ error: any Error) { continuation.resume(throwing: error) }
}
