import Loops
import Models
import Service
import Synchronization

/// One line of JSON for each request, when its answer is complete.
///
/// Each loop gathers its lines in a buffer of its own, which goes to the writer's thread when it is full or a moment old. No loop
/// waits for the disk: when that cannot follow, lines are dropped, counted, and the count is in the log and the metrics. What a
/// loop has gathered is lost when the process is killed.
public final class AccessLog: Sendable {
    /// Where the lines go.
    public enum Destination: Sendable, Hashable {
        case off
        case standardError
        case file(String)
    }

    /// Lines wait this long for others to be written with.
    static let gatheringMax = Timeout.milliseconds(200)
    /// A buffer that is this long goes to the writer.
    static let bufferBytesMax = 32 * 1024
    /// The time that the last lines are given when the process ends.
    static let closingMax = Duration.seconds(2)

    private let writer: AccessLogWriter
    private let parts: LoopLocal<AccessLogPart>
    private let known: Known

    /// The parts that there are, for the end.
    private final class Known: Sendable {
        let parts = Mutex<[AccessLogPart]>([])
    }

    /// Opens the file.
    /// - Returns: nil when there is to be no log.
    /// - Throws: `Options.Problem` when it cannot be written.
    static func open(_ destination: Destination, _ group: EventLoopGroup) throws -> AccessLog? {
        switch destination {
        case .off: nil
        case .standardError: try AccessLog(AccessLogFile(path: nil), group)
        case .file(let path): try AccessLog(AccessLogFile(path: path), group)
        }
    }

    private init(_ file: AccessLogFile, _ group: EventLoopGroup) throws {
        let writer = try AccessLogWriter(file)
        let known = Known()
        self.writer = writer
        self.known = known
        parts = LoopLocal(group) { loop in
            let part = AccessLogPart(writer, loop)
            known.parts.withLock { $0.append(part) }
            return part
        }
    }

    /// The current loop's part. Nil off the loops: nothing is answered there.
    var part: AccessLogPart? { parts.current }

    /// Opens the file anew: it was moved away.
    func reopen() { writer.reopen() }

    /// For `Metrics`.
    var dropped: Int { writer.dropped }
    var written: Int { writer.written }

    /// Writes what has been gathered, for `closingMax` at most. Called on a loop, when no more requests are answered.
    func close() async {
        for part in known.parts.withLock({ $0 }) { await part.loop.task { part.handOn() }.value }
        guard let loop = EventLoop.current else { return }
        let ending = Ending()
        await withCheckedContinuation { continuation in
            ending.start(continuation)
            ending.keep(loop.schedule(after: AccessLog.closingMax) { ending.end() })
            writer.close { loop.execute { ending.end() } }
        }
    }

    /// Whichever comes first of the last line and the limit. Confined to the loop that closes.
    private final class Ending: @unchecked Sendable {  // Confined to its loop's thread.
        private var continuation: CheckedContinuation<Void, Never>?
        private var timer: Timer?

        func start(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = continuation }
        func keep(_ timer: Timer) { self.timer = timer }

        func end() {
            timer?.cancel()
            continuation?.resume()
            continuation = nil
        }
    }
}

/// A loop's part of the log. Confined to the loop.
final class AccessLogPart: @unchecked Sendable {  // Confined to its loop's thread.
    let loop: EventLoop
    private let writer: AccessLogWriter
    private var buffer: [UInt8] = []
    private var lines = 0
    private var clock = LineClock()
    private var timer: Timer?

    init(_ writer: AccessLogWriter, _ loop: EventLoop) {
        self.writer = writer
        self.loop = loop
    }

    /// Adds a line.
    func add(_ line: AccessLine) {
        if lines == 0 {
            if buffer.capacity == 0 { buffer.reserveCapacity(AccessLog.bufferBytesMax + AccessLine.usualBytesMax) }
            if timer == nil { timer = loop.timer { [weak self] in self?.handOn() } }
            timer?.reset(AccessLog.gatheringMax)
        }
        line.append(to: &buffer, &clock)
        lines += 1
        if buffer.count >= AccessLog.bufferBytesMax { handOn() }
    }

    /// Gives what has been gathered to the writer.
    func handOn() {
        guard lines > 0 else { return }
        writer.take(&buffer, lines: lines)
        lines = 0
        timer?.pause()
    }
}
