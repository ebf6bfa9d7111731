import HTTP
import Models
import Synchronization

/// One run's log: what comes next, what is durable, and the tail that watchers share.
///
/// Lines get their numbers and their bytes in the order in which batches come, under a mutex; they are written and made durable
/// in that order by the `LogWriter`, and only then shown and acknowledged.
final class RunLog: Sendable {
    /// How far the log is.
    struct Position: Sendable, Equatable {
        /// Of the last line.
        var seq: Int64 = 0
        var attempt = 1
        /// The reporter's number of its last line in the attempt.
        var n: Int64 = 0
        var bytes: Int64 = 0
        var isFull = false
    }

    private struct State {
        /// With all that was handed to the writer.
        var reserved: Position
        /// With what is in the file for good.
        var durable: Position
        /// When watchers were last told of lines; and whether they are going to be told of more.
        var shownAt: ContinuousClock.Instant?
        var isShowingDue = false
        /// Watchers have been told of the newest piece of the tail: it does not grow any more.
        var isNewestShown = true
        /// Counts the failures of the file: what was encoded before one is void.
        var generation = 0
        var tail: [LogChunk] = []
        var tailBytes = 0
        var watchers = 0
        /// The run's final status: no more lines come.
        var end: RunStatus?
        var isClosing = false

        mutating func forget() {
            tail = []
            tailBytes = 0
        }
    }

    let file: LogFile
    private let limits: LogLimits
    private let state: Mutex<State>
    private let changes = Bell()

    /// Recovers the log from its file. Blocks.
    init(_ file: LogFile, limits: LogLimits) throws {
        self.file = file
        self.limits = limits
        var position = Position()
        if let record = try file.recover() {
            position = Position(seq: record.seq, attempt: record.attempt, n: record.n, isFull: record.mark == .full)
        }
        position.bytes = try file.size()
        state = Mutex(State(reserved: position, durable: position))
    }

    /// What the writer is to do, and what is then so.
    struct Write: Sendable {
        let bytes: [UInt8]
        /// For watchers; nil when there were none.
        let chunk: LogChunk?
        let after: Position
        let generation: Int
    }

    /// Takes the lines of a batch that are new.
    /// - Parameter hand: hands the write over, in order.
    /// - Throws: 409 for a batch that leaves a gap, is of an earlier attempt, or comes after the run's end.
    func take(_ lines: [ReportedLine], attempt: Int, hand: (Write) -> Void) throws {
        try state.withLock { state in
            guard state.end == nil else { throw ServiceError.conflict("the run has ended: its log is closed", code: "run_ended") }
            guard attempt >= state.reserved.attempt else {
                throw ServiceError.conflict("attempt \(attempt) of the run is over", code: "stale_attempt")
            }
            var position = state.reserved
            if attempt > position.attempt {
                position.attempt = attempt
                position.n = 0
            }
            if let first = lines.first, first.n > position.n + 1, !position.isFull {
                throw ServiceError.conflict("lines[0].n: expected \(position.n + 1), not \(first.n)", code: "log_gap")
            }
            var chunk = state.watchers > 0 ? LogChunk(first: position.seq + 1) : nil
            var bytes: [UInt8] = []
            for line in lines where line.n > position.n {
                position.n = line.n
                if position.isFull { continue }
                let next = LogLine(
                    seq: position.seq + 1, time: line.time, stream: line.stream, level: line.level, text: line.text,
                    fields: line.fields)
                try append(next, to: &bytes, &chunk, &position, isOwn: false)
            }
            hand(Write(bytes: bytes, chunk: chunk, after: position, generation: state.generation))
            state.reserved = position
        }
    }

    /// Adds a line in the service's own voice, also to a full log.
    func note(_ text: String, at time: Timestamp, hand: (Write) -> Void) throws {
        try state.withLock { state in
            guard state.end == nil else { return }
            var position = state.reserved
            var chunk = state.watchers > 0 ? LogChunk(first: position.seq + 1) : nil
            var bytes: [UInt8] = []
            let line = LogLine(seq: position.seq + 1, time: time, stream: .system, text: text)
            try append(line, to: &bytes, &chunk, &position, isOwn: true)
            hand(Write(bytes: bytes, chunk: chunk, after: position, generation: state.generation))
            state.reserved = position
        }
    }

    private func append(
        _ line: LogLine, to bytes: inout [UInt8], _ chunk: inout LogChunk?, _ position: inout Position, isOwn: Bool
    ) throws {
        var line = line
        let start = bytes.count
        var json = try LogRecord.append(
            line, attempt: position.attempt, n: position.n, mark: position.isFull ? .full : .open, to: &bytes)
        if !isOwn, position.bytes + Int64(bytes.count - start) + 1 > limits.runBytesMax {
            bytes.removeLast(bytes.count - start)
            position.isFull = true
            line = LogLine(
                seq: line.seq, time: line.time, stream: .system,
                text: "the log is full (\(limits.runBytesMax) bytes): what follows is not kept")
            json = try LogRecord.append(line, attempt: position.attempt, n: position.n, mark: .full, to: &bytes)
        }
        chunk?.append(json: json)
        bytes.append(10)
        position.seq = line.seq
        position.bytes += Int64(bytes.count - start)
    }

    /// Whether a write still counts: none that was encoded before a failure does.
    func isCurrent(_ write: Write) -> Bool { state.withLock { $0.generation == write.generation } }

    /// The write is in the file for good: its lines may be shown.
    /// - Returns: how long to wait before `show` is called; nil when it need not be.
    func finished(_ write: Write) -> Duration? {
        let wait = state.withLock { state -> Duration? in
            let before = state.durable.seq
            state.durable = write.after
            guard write.after.seq > before else { return nil }
            if let chunk = write.chunk, state.watchers > 0 { keep(chunk, in: &state) } else { state.forget() }
            guard !state.isShowingDue else { return nil }
            let now = ContinuousClock.now
            let wait = state.shownAt.map { limits.gathering - $0.duration(to: now) } ?? .zero
            if wait > .zero { state.isShowingDue = true }
            return wait
        }
        guard let wait, wait > .zero else {
            if wait != nil { show() }
            return nil
        }
        return wait
    }

    private func keep(_ chunk: LogChunk, in state: inout State) {
        // Lines that came while nobody watched are in the file alone: the tail has no gap.
        if let newest = state.tail.last, newest.last + 1 != chunk.first { state.forget() }
        let newest = state.tail.count - 1
        if newest >= 0, !state.isNewestShown, state.tail[newest].bytes + chunk.bytes <= limits.pieceBytesMax {
            state.tail[newest].append(chunk)
        } else {
            state.tail.append(chunk)
            state.isNewestShown = false
        }
        state.tailBytes += chunk.bytes
        while state.tailBytes > limits.tailBytesMax, state.tail.count > 1 {
            state.tailBytes -= state.tail.removeFirst().bytes
        }
    }

    /// Tells the watchers of the lines that have gathered.
    func show() {
        state.withLock { state in
            state.shownAt = .now
            state.isShowingDue = false
            state.isNewestShown = true
        }
        changes.ring()
    }

    /// The file could not be written: everything since the last durable line is void.
    /// - Returns: how long the file was then.
    func failed() -> Int64 {
        state.withLock { state in
            state.generation += 1
            state.reserved = state.durable
            return state.durable.bytes
        }
    }

    /// No more lines come. Watchers are told once they have had all that there are.
    func end(as status: RunStatus) {
        state.withLock { $0.end = $0.end ?? status }
        changes.ring()
    }

    /// The suite is about to end: watchers are to take leave.
    func close() {
        state.withLock { $0.isClosing = true }
        changes.ring()
    }

    var position: Position { state.withLock { $0.durable } }

    func watch() { state.withLock { $0.watchers += 1 } }

    func unwatch() {
        state.withLock { state in
            state.watchers -= 1
            if state.watchers == 0 { state.forget() }
        }
    }

    /// What there is for a watcher that has had all up to a line.
    enum Next: Sendable {
        case chunk(LogChunk)
        /// Not in memory: lines from here up to `bytes` of the file.
        case inFile(bytes: Int64)
        case nothingYet
        case ended(RunStatus)
        case closing
    }

    func next(after seq: Int64) -> Next {
        state.withLock { state in
            guard seq < state.durable.seq else {
                if let end = state.end, state.durable.seq == state.reserved.seq { return .ended(end) }
                return state.isClosing ? .closing : .nothingYet
            }
            if let oldest = state.tail.first, seq + 1 >= oldest.first,
                let chunk = state.tail.first(where: { $0.last > seq })
            {
                return .chunk(chunk)
            }
            return .inFile(bytes: state.durable.bytes)
        }
    }

    /// Counts the changes, to be waited for.
    var revision: Int64 { changes.count }

    /// Waits for a change after `revision`, at most for `limit`.
    func change(after revision: Int64, within limit: Duration) async throws {
        try await changes.wait(past: revision, within: limit)
    }
}
