import Glibc
import Loops
import Synchronization

/// Where requests are sent on: a responder in this process, or a server behind a Unix or a TCP socket.
///
/// Connections are kept per event loop and touched by that loop alone: there is no lock on a request's way. `send` for a socket
/// is called on an event loop, and the response's content is read on the same one.
public final class Upstream: Sendable {
    private enum Target: Sendable {
        case responder(any Responder)
        case socket(SocketAddress)
    }

    /// More than any machine has cores.
    private static let loopsMax = 256

    private let target: Target
    private let limits: UpstreamLimits
    // unsafe: each slot is read and written on the thread of one loop only, that of its index
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<UpstreamPool?>
    /// Requests that wait for their answer, of each loop.
    // unsafe: as the slots
    private nonisolated(unsafe) let waiting: UnsafeMutablePointer<Int>
    private let breaker = CircuitBreaker()
    private let shed = Atomic<Int>(0)
    /// The same pools, for closing.
    private let pools = Mutex<[UpstreamPool]>([])

    private init(_ target: Target, _ limits: UpstreamLimits) {
        self.target = target
        self.limits = limits
        slots = .allocate(capacity: Upstream.loopsMax)
        slots.initialize(repeating: nil, count: Upstream.loopsMax)
        waiting = .allocate(capacity: Upstream.loopsMax)
        waiting.initialize(repeating: 0, count: Upstream.loopsMax)
    }

    deinit {
        slots.deinitialize(count: Upstream.loopsMax)
        slots.deallocate()
        waiting.deallocate()
    }

    /// Answers in this process, without a socket or a copy.
    public static func inProcess(_ responder: any Responder) -> Upstream { Upstream(.responder(responder), UpstreamLimits()) }

    /// A server that listens on the Unix socket at `path`.
    public static func unix(_ path: String, limits: UpstreamLimits = UpstreamLimits()) -> Upstream {
        Upstream(.socket(.unix(path: path)), limits)
    }

    /// A server that listens on a port of a host; a name is looked up for each new connection.
    public static func tcp(_ host: String, _ port: UInt16, limits: UpstreamLimits = UpstreamLimits()) -> Upstream {
        Upstream(.socket(.tcp(host: host, port: port)), limits)
    }

    /// A server at an address.
    public static func socket(_ address: SocketAddress, limits: UpstreamLimits = UpstreamLimits()) -> Upstream {
        Upstream(.socket(address), limits)
    }

    /// Sends `request` and gives the response as soon as its head is there. Small contents that came with the head are
    /// `.bytes`, others a `.stream` that holds its connection until it has been produced or dropped. Fields of the connection
    /// are dropped both ways.
    ///
    /// When a pooled connection turns out to have been closed, an idempotent request without a streamed body is sent once more
    /// on a new one; nothing else is ever repeated. Cancelling closes the connection.
    ///
    /// No more than `UpstreamLimits.requestsMax` of a loop wait for their answers. An upstream that could not be reached several
    /// times in a row is not tried by every request any more, but by one now and then; the others fail at once.
    /// - Throws: `UpstreamError`; `CancellationError`; what the request's own body throws; `HTTPError` 400 for a method or a
    ///   target that is none.
    public func send(_ request: Request) async throws -> Response {
        guard let index = EventLoop.current?.index, index < Upstream.loopsMax else { return try await pass(request) }
        guard waiting[index] < limits.requestsMax else {
            shed.wrappingAdd(1, ordering: .relaxed)
            throw UpstreamError.overloaded("too many requests wait for an answer")
        }
        waiting[index] += 1
        // An executor's task comes back to its loop after each wait.
        defer { waiting[index] -= 1 }
        return try await pass(request)
    }

    private func pass(_ request: Request) async throws -> Response {
        switch target {
        case .responder(let responder):
            var request = request
            request.peer = .inProcess
            return await responder.respond(to: request)
        case .socket(let address):
            guard RequestHeadWriter.isSound(request) else {
                throw HTTPError(.badRequest, "target: holds a character that must be encoded")
            }
            let pool = pool(address)
            let leave = breaker.leave(now: Upstream.milliseconds())
            if case .refused = leave { throw UpstreamError.unavailable("\(address): could not be reached lately") }
            do {
                let response = try await pool.send(request)
                breaker.succeeded()
                return response
            } catch {
                judge(error, leave)
                throw error
            }
        }
    }

    /// What a failure says of the upstream.
    private func judge(_ error: any Error, _ leave: CircuitBreaker.Leave) {
        let now = Upstream.milliseconds()
        switch error {
        case UpstreamError.unavailable, UpstreamError.timeout: breaker.failed(now: now)
        // It has taken the connection, and gone: whether it is back, the next one tells.
        default: if case .probe = leave { breaker.probeEnded(now: now) }
        }
    }

    private static func milliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// Whether requests are kept from it because it could not be reached.
    public var isCircuitOpen: Bool { breaker.state != .closed }

    /// How often that has begun.
    public var circuitOpenings: Int { breaker.openingCount }

    /// Requests refused because too many waited.
    public var requestsShed: Int { shed.load(ordering: .relaxed) }

    /// Closes the connections that are not in use, and each other one after its response.
    public func close() {
        for pool in pools.withLock({ $0 }) { pool.loop.execute { pool.close() } }
    }

    private func pool(_ address: SocketAddress) -> UpstreamPool {
        guard let loop = EventLoop.current, loop.index < Upstream.loopsMax else {
            preconditionFailure("an upstream's socket is used on an event loop")
        }
        if let pool = slots[loop.index] {
            precondition(pool.loop === loop, "an upstream is used by the loops of one group")
            return pool
        }
        let pool = UpstreamPool(address, limits, loop)
        slots[loop.index] = pool
        pools.withLock { $0.append(pool) }
        return pool
    }
}
