import Loops

/// What a connection has to send and the kernel has not taken yet: small pieces gathered in one buffer, and at most one large
/// body behind them that is not copied.
struct OutputQueue {
    /// A body up to this is gathered with its head; copying costs less than a second piece in the system call.
    static let gatheredBodyBytesMax = 16 * 1024
    /// Pipelined answers are gathered up to this.
    static let batchBytesMax = 64 * 1024

    private(set) var gathered: [UInt8] = []
    private var gatheredStart = 0
    private var body: [UInt8] = []
    private var bodyStart = 0

    var isEmpty: Bool { gatheredStart == gathered.count && bodyStart == body.count }
    var count: Int { gathered.count - gatheredStart + body.count - bodyStart }
    /// Nothing can be gathered behind a large body.
    var takesMore: Bool { bodyStart == body.count }

    /// Calls `body` with the buffer to append to.
    @inline(__always) mutating func append(_ add: (inout [UInt8]) -> Void) {
        precondition(takesMore, "a large body is sent before anything is appended")
        add(&gathered)
    }

    mutating func append(_ word: StaticString) {
        append { $0.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)) }
    }

    /// Queues a whole body behind what is gathered.
    mutating func appendBody(_ bytes: [UInt8]) {
        if bytes.count <= OutputQueue.gatheredBodyBytesMax {
            append { $0.append(contentsOf: bytes) }
        } else {
            body = bytes
            bodyStart = 0
        }
    }

    /// Writes what fits. True when all is written.
    /// - Parameter more: a file follows.
    mutating func write(to channel: Channel, more: Bool = false) throws(SystemError) -> Bool {
        while !isEmpty {
            guard let count = try writeOnce(channel, more) else { return false }
            let ofGathered = min(count, gathered.count - gatheredStart)
            gatheredStart += ofGathered
            bodyStart += count - ofGathered
        }
        reset()
        return true
    }

    /// Drops everything, and lets go of memory that one big piece has made it take.
    mutating func reset() {
        gathered.removeAll(keepingCapacity: gathered.capacity <= OutputQueue.batchBytesMax)
        gatheredStart = 0
        if !body.isEmpty { body = [] }
        bodyStart = 0
    }

    /// The empty gathering buffer, to be lent to another connection.
    mutating func release() -> [UInt8] {
        var lent: [UInt8] = []
        swap(&lent, &gathered)
        return lent
    }

    mutating func borrow(_ buffer: consuming [UInt8]) { gathered = buffer }

    private func writeOnce(_ channel: Channel, _ more: Bool) throws(SystemError) -> Int? {
        var failure: SystemError?
        // The pointers are used within the closures only.
        let count = gathered.withUnsafeBytes { gathered in
            body.withUnsafeBytes { body -> Int? in
                let first = UnsafeRawBufferPointer(rebasing: gathered[gatheredStart...])
                let second = UnsafeRawBufferPointer(rebasing: body[bodyStart...])
                do throws(SystemError) {
                    if second.isEmpty { return try channel.write(first, more: more) }
                    return first.isEmpty ? try channel.write(second) : try channel.write(first, then: second)
                } catch {
                    failure = error
                    return nil
                }
            }
        }
        if let failure { throw failure }
        return count
    }
}
