import Models
import Synchronization

/// The logs of all runs, each opened when it is used, and closed when many others are.
final class LogStore: Sendable {
    private struct Entry {
        let log: RunLog
        var users: Int
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Those without users, the one longest idle first.
        var idle: [String] = []
        var isClosing = false
    }

    private let folder: String
    private let limits: LogLimits
    private let clock: WallClock
    private let report: @Sendable (String) -> Void
    private let writer = LogWriter()
    private let state = Mutex(State())

    /// - Parameter folder: of all runs; a run's log is `<folder>/<run id>/log`.
    init(
        folder: String, limits: LogLimits = LogLimits(), clock: WallClock, report: @escaping @Sendable (String) -> Void
    ) {
        self.folder = folder
        self.limits = limits
        self.clock = clock
        self.report = report
    }

    /// Hands a log to `body`, and keeps it open meanwhile.
    func use<Value: Sendable>(_ run: String, _ body: (RunLog) async throws -> Value) async throws -> Value {
        let log: RunLog
        if let open = enter(run) {
            log = open
        } else {
            log = try await writer.perform { [self] in try openNow(run) }
        }
        defer { leave(run) }
        return try await body(log)
    }

    /// Appends a batch; returns once it is durable.
    /// - Parameter fence: called with the log open and before anything is taken: throws when the attempt is over.
    /// - Returns: the `n` that is expected next.
    func append(_ lines: [ReportedLine], to run: String, attempt: Int, fence: () async throws -> Void) async throws -> Int64 {
        try await use(run) { log in
            try await fence()
            return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int64, any Error>) in
                do {
                    try log.take(lines, attempt: attempt) { write in
                        writer.add(write, to: log) { error in
                            if let error {
                                continuation.resume(throwing: error)
                            } else {
                                continuation.resume(returning: write.after.n + 1)
                            }
                        }
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// Waits until everything that was handed over before is in the logs.
    func settle() async throws { try await writer.perform {} }

    /// Adds a line in the service's own voice, some time soon.
    func note(_ run: String, _ text: String) {
        writer.perform(later: { [self] in
            attend(run) { log in try log.note(text, at: clock.now()) { writer.add($0, to: log) } }
        })
    }

    /// Ends a log, some time soon: its watchers get all that there is, and then the status.
    func end(_ run: String, as status: RunStatus, saying text: String?) {
        writer.perform(later: { [self] in
            attend(run) { log in
                if let text { try log.note(text, at: clock.now()) { writer.add($0, to: log) } }
                log.end(as: status)
            }
        })
    }

    /// Has every watcher take leave, now and from now on.
    func close() {
        let logs = state.withLock { state in
            state.isClosing = true
            return state.entries.values.map(\.log)
        }
        for log in logs { log.close() }
    }

    /// How many logs are open.
    var openCount: Int { state.withLock { $0.entries.count } }

    private func attend(_ run: String, _ body: (RunLog) throws -> Void) {
        do {
            let log = try openNow(run)
            defer { leave(run) }
            try body(log)
            // Before the log may be closed: whoever opens it next reads from the file how far it is.
            writer.writeAll()
        } catch {
            report("the log of \(run): \(error)")
        }
    }

    private func enter(_ run: String) -> RunLog? {
        state.withLock { state in
            guard let log = state.entries[run]?.log else { return nil }
            if state.entries[run]?.users == 0 { state.idle.removeAll { $0 == run } }
            state.entries[run]?.users += 1
            return log
        }
    }

    /// Opens a log. Called on the writer's queue alone, so that no file is opened twice.
    private func openNow(_ run: String) throws -> RunLog {
        if let open = enter(run) { return open }
        let log = try RunLog(LogFile("\(folder)/\(run)/log"), limits: limits)
        let isClosing = state.withLock { state in
            state.entries[run] = Entry(log: log, users: 1)
            return state.isClosing
        }
        if isClosing { log.close() }
        return log
    }

    private func leave(_ run: String) {
        state.withLock { state in
            guard let users = state.entries[run]?.users else { return }
            state.entries[run]?.users = users - 1
            guard users == 1 else { return }
            state.idle.append(run)
            while state.idle.count > limits.idleFilesMax { state.entries[state.idle.removeFirst()] = nil }
        }
    }
}
