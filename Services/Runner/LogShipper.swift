import Loops
import Models

/// Gets a run's lines to the service: numbered, in batches, each sent again until it is acknowledged. Confined to its loop.
///
/// Who adds lines waits while too many are on their way, so that a program that prints faster than lines are kept is slowed down.
final class LogShipper: @unchecked Sendable {  // Confined to its loop's thread.
    /// A line is on its way after this long, whether others come or not.
    private static let batchDelay = Duration.milliseconds(100)
    /// Lines and bytes kept while the service is away.
    private static let waitingLinesMax = 20_000
    private static let waitingBytesMax = 16 * 1024 * 1024

    private struct Waiting {
        let line: ReportedLine
        /// What it takes in a batch, encoded.
        let bytes: Int
    }

    private let api: RunsAPI
    private let clock: WallClock
    /// Called once, when the service takes no more lines.
    private let onEnd: @Sendable (any Error) -> Void
    private var waiting: [Waiting] = []
    private var waitingBytes = 0
    private var nextNumber: Int64 = 1
    private var isFinishing = false
    private var failure: (any Error)?
    private let hasWork: Signal
    private let hasRoom: RoomGate
    private var shipping: Task<Void, Never>?

    /// Called on a loop.
    init(_ api: RunsAPI, clock: WallClock, on loop: EventLoop, onEnd: @escaping @Sendable (any Error) -> Void) {
        self.api = api
        self.clock = clock
        self.onEnd = onEnd
        hasWork = Signal(on: loop)
        hasRoom = RoomGate()
        shipping = loop.task { await self.ship() }
    }

    /// Adds a line. Waits while there is no room.
    func add(_ stream: LogStream, _ text: String, level: String? = nil) async {
        while failure == nil, waiting.count >= LogShipper.waitingLinesMax || waitingBytes >= LogShipper.waitingBytesMax {
            await hasRoom.wait()
        }
        if failure != nil { return }
        let line = ReportedLine(n: nextNumber, time: clock.now(), stream: stream, level: level, text: text)
        waiting.append(Waiting(line: line, bytes: LogShipper.encodedBytes(text)))
        waitingBytes += waiting[waiting.count - 1].bytes
        nextNumber += 1
        if waiting.count == 1 || waiting.count == LogBatch.linesMax { hasWork.raise() }
    }

    /// Returns when every line has been acknowledged.
    /// - Throws: why the service takes no more of them.
    func finish() async throws {
        isFinishing = true
        hasWork.raise()
        await shipping?.value
        if let failure { throw failure }
    }

    /// Lets go of what is waiting.
    func stop() { shipping?.cancel() }

    private func ship() async {
        var lastSent = ContinuousClock.now - LogShipper.batchDelay
        do {
            while true {
                while waiting.isEmpty {
                    if isFinishing { return }
                    try Task.checkCancellation()
                    await hasWork.wait()
                }
                let due = lastSent + LogShipper.batchDelay
                while waiting.count < LogBatch.linesMax, !isFinishing, ContinuousClock.now < due {
                    try Task.checkCancellation()
                    await hasWork.wait(upTo: due - ContinuousClock.now)
                }
                lastSent = ContinuousClock.now
                let batch = nextBatch()
                if acknowledge(before: try await api.report(batch)) == 0 {
                    // Taken by nobody: not at once again, however often.
                    try await EventLoop.sleep(for: LogShipper.batchDelay)
                }
            }
        } catch {
            failure = error
            hasRoom.open()
            onEnd(error)
        }
    }

    private func nextBatch() -> [ReportedLine] {
        var bytes = 0
        let batch = waiting.prefix(LogBatch.linesMax).prefix { waiting in
            bytes += waiting.bytes
            return bytes <= LogBatch.encodedBytesMax
        }
        return batch.map(\.line)
    }

    /// Forgets the lines before `next`. The number of them.
    private func acknowledge(before next: Int64) -> Int {
        let taken = waiting.prefix { $0.line.n < next }
        waitingBytes -= taken.reduce(0) { $0 + $1.bytes }
        let count = taken.count
        waiting.removeFirst(count)
        if count > 0 { hasRoom.open() }
        return count
    }

    /// The size of a line of JSON with this text, at most: a control character takes six bytes.
    private static func encodedBytes(_ text: String) -> Int {
        let frame = 128
        return text.utf8.reduce(frame) {
            $0 + ($1 < 0x20 || $1 == 0x7F ? 6 : $1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1)
        }
    }
}

/// Where several tasks wait for the same thing. Confined to its loop.
private final class RoomGate: @unchecked Sendable {  // Confined to its loop's thread, by its owner.
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func wait() async { await withCheckedContinuation { waiters.append($0) } }

    func open() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
