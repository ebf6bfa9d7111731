import Dispatch
import Models
import Synchronization

/// Writes all logs on one queue of its own, off the loops: what has gathered is written, then each file synced once, then
/// everybody told. So a thousand small batches cost a few syncs.
final class LogWriter: Sendable {
    private struct Job: Sendable {
        let log: RunLog
        let write: RunLog.Write
        let done: (@Sendable ((any Error)?) -> Void)?
    }

    private let queue = DispatchQueue(label: "nexus.runs.logs")
    private let pending = Mutex<[Job]>([])

    /// Hands a write over; those of one log are written in the order of their handing.
    /// - Parameter done: called on the queue, with the error if there was one.
    func add(_ write: RunLog.Write, to log: RunLog, done: (@Sendable ((any Error)?) -> Void)? = nil) {
        let isFirst = pending.withLock { pending in
            pending.append(Job(log: log, write: write, done: done))
            return pending.count == 1
        }
        if isFirst { queue.async { [self] in writeAll() } }
    }

    /// Runs something that blocks on the queue, after what was handed over before.
    func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Runs something that blocks on the queue; nobody waits for it.
    func perform(later body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

    /// Writes what has gathered. Called on the queue.
    func writeAll() {
        let jobs = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        var written: [(log: RunLog, jobs: [Job])] = []
        for job in jobs {
            do {
                guard job.log.isCurrent(job.write) else { throw LogWriter.void }
                try job.log.file.append(job.write.bytes)
                if let index = written.firstIndex(where: { $0.log === job.log }) {
                    written[index].jobs.append(job)
                } else {
                    written.append((job.log, [job]))
                }
            } catch {
                let earlier = written.firstIndex { $0.log === job.log }.map { written.remove(at: $0).jobs } ?? []
                fail(job.log, earlier + [job], with: error)
            }
        }
        for (log, jobs) in written {
            do {
                if jobs.contains(where: { !$0.write.bytes.isEmpty }) { try log.file.sync() }
                for job in jobs {
                    guard let wait = log.finished(job.write) else { continue }
                    let seconds = Double(wait.components.attoseconds) / 1e18
                    queue.asyncAfter(deadline: .now() + seconds) { log.show() }
                }
                for job in jobs { job.done?(nil) }
            } catch {
                fail(log, jobs, with: error)
            }
        }
    }

    private static let void = ServiceError(
        .unavailable, "the log could not be written: send the lines again", retryAfterSeconds: 1)

    /// Puts the file back to what was acknowledged; the lines will be sent again.
    private func fail(_ log: RunLog, _ jobs: [Job], with error: any Error) {
        if jobs.contains(where: { log.isCurrent($0.write) }) {
            let size = log.failed()
            // try?: a file that cannot even be cut is recovered when it is opened next; its torn line is cut then.
            try? log.file.truncate(to: size)
        }
        for job in jobs { job.done?(error) }
    }
}
