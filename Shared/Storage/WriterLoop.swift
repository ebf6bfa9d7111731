import Models
import Synchronization

/// What the writer's thread does. Everything but `statistics` belongs to that thread.
final class WriterLoop: @unchecked Sendable {  // unchecked: the connection is used by the writer's thread alone
    let statistics = Mutex(DatabaseStatistics())
    private let queue: JobQueue<any WriteJob>
    private let options: Database.Options
    private var connection: Connection?
    private var outcomes: [Outcome] = []

    /// What became of one write of the batch.
    private struct Outcome {
        let job: any WriteJob
        var error: (any Error)?
        var afterCommit: [@Sendable () -> Void] = []
    }

    init(_ connection: sending Connection, queue: JobQueue<any WriteJob>, options: Database.Options) {
        self.connection = connection
        self.queue = queue
        self.options = options
    }

    /// Runs batches until the queue is closed and drained.
    func run() {
        while let connection {
            let jobs = queue.take(options.batchWritesMax, waitingSeconds: nil)
            if jobs.isEmpty { return }
            batch(jobs, on: connection)
            if connection.needsCheckpoint(after: options.checkpointPages) { checkpoint(connection) }
        }
    }

    /// Closes the connection, once no thread runs `run` any more.
    func finish() { connection = nil }

    private func batch(_ first: [any WriteJob], on connection: Connection) {
        let started = monotonicNanoseconds()
        do {
            try connection.execute(.begin)
        } catch {
            return deliver(failing: first.map { Outcome(job: $0) }, with: error)
        }
        var jobs = first
        // Whoever comes while the batch runs joins it, within limits: a write more costs far less than a commit more.
        while !jobs.isEmpty {
            for job in jobs { outcomes.append(run(job, on: connection)) }
            let room = options.batchWritesMax - outcomes.count
            guard room > 0, monotonicNanoseconds() - started < options.batchNanosecondsMax else { break }
            jobs = queue.takeAvailable(room)
        }
        let finished = outcomes
        outcomes = []
        commit(finished, on: connection)
    }

    /// Runs one write in its savepoint; its error undoes that alone.
    private func run(_ job: any WriteJob, on connection: Connection) -> Outcome {
        let transaction = Transaction(connection)
        defer { transaction.end() }
        do {
            if connection.isAutocommit { try connection.execute(.begin) }
            try connection.execute(.savepoint)
            try job.execute(in: transaction)
            guard !connection.isAutocommit else { throw ServiceError.internal("a write ended the batch's transaction") }
            try connection.execute(.release)
            return Outcome(job: job, afterCommit: transaction.afterCommitBlocks)
        } catch {
            if connection.isAutocommit {
                // SQLite rolled the whole batch back (a full disk can do that): those before this one are gone too.
                for index in outcomes.indices where outcomes[index].error == nil { outcomes[index].error = error }
            } else {
                undo(on: connection)
            }
            return Outcome(job: job, error: error)
        }
    }

    private func undo(on connection: Connection) {
        do {
            try connection.execute(.rollbackTo)
            try connection.execute(.release)
        } catch {
            // A savepoint that cannot be undone must not be committed with the others.
            for index in outcomes.indices where outcomes[index].error == nil { outcomes[index].error = error }
            connection.rollBack()
        }
    }

    private func commit(_ outcomes: [Outcome], on connection: Connection) {
        let started = monotonicNanoseconds()
        do {
            if !connection.isAutocommit { try connection.execute(.commit) }
        } catch {
            connection.rollBack()
            return deliver(failing: outcomes, with: error)
        }
        let seconds = Double(monotonicNanoseconds() - started) / 1e9
        statistics.withLock {
            $0.add(batchOf: outcomes.count, failed: outcomes.count { $0.error != nil }, commitSeconds: seconds)
        }
        for outcome in outcomes where outcome.error == nil {
            for block in outcome.afterCommit { block() }
        }
        for outcome in outcomes {
            if let error = outcome.error { outcome.job.fail(error) } else { outcome.job.succeed() }
        }
    }

    private func deliver(failing outcomes: [Outcome], with error: any Error) {
        statistics.withLock { $0.add(batchOf: outcomes.count, failed: outcomes.count, commitSeconds: 0) }
        for outcome in outcomes { outcome.job.fail(outcome.error ?? error) }
    }

    /// After the answers, not before them: a checkpoint writes and syncs the database, and nobody needs to wait for that.
    private func checkpoint(_ connection: Connection) {
        let succeeded = connection.checkpoint()
        statistics.withLock { $0.addCheckpoint(succeeded: succeeded) }
    }
}

/// The fixed statements of a batch.
private enum BatchStatement: String {
    case begin = "BEGIN IMMEDIATE"
    case savepoint = "SAVEPOINT one_write"
    case release = "RELEASE one_write"
    case rollbackTo = "ROLLBACK TO one_write"
    case commit = "COMMIT"
}

extension Connection {
    fileprivate func execute(_ statement: BatchStatement) throws { try query(statement.rawValue, []) { _ in true } }
}
