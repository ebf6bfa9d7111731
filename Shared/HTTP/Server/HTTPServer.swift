import Glibc
import Loops
import Synchronization

/// Where a server listens: `127.0.0.1:8081` or `unix:PATH`.
public typealias ListenAddress = SocketAddress

/// An HTTP/1.1 server on the loops of a group.
///
/// A connection lives on one loop, with one task that reads its requests, has them answered and writes the answers; the responder
/// runs in that task, on that loop, and must not block it. It lives until `shutdown` has returned.
public final class HTTPServer: Sendable {
    let limits: HTTPLimits
    let responder: any Responder
    let renderError: @Sendable (HTTPError) -> Response
    private let loops = Mutex<[ServerLoop]>([])
    private let sockets = Mutex<[ListenAddress]>([])
    let admission: Admission
    private let turn = Atomic<Int>(0)

    /// - Parameters:
    ///   - responder: answers every request.
    ///   - exempt: peers whose connections `HTTPLimits.connectionsPerAddressMax` does not bound: proxies, which speak for many.
    ///   - renderError: makes the answer to what never becomes a request, or to one that HTTP itself refuses.
    public init(
        group: EventLoopGroup, responder: any Responder, limits: HTTPLimits = HTTPLimits(), exempt: [AddressRange] = [],
        renderError: @escaping @Sendable (HTTPError) -> Response = { .text($0.message + "\n", status: $0.status) }
    ) {
        self.limits = limits
        admission = Admission(limits, exempt: exempt)
        self.responder = responder
        self.renderError = renderError
        let parts = group.loops.map { ServerLoop(loop: $0, server: self) }
        loops.withLock { $0 = parts }
    }

    /// Listens on `address`, on every loop. May be called more than once, for more addresses.
    /// - Parameter tls: has clients shake hands first; nil for plain HTTP.
    /// - Returns: the address with the port that was got.
    /// - Throws: `SystemError`, `EADDRINUSE` for one.
    public func listen(on address: ListenAddress, tls: TLSServer? = nil) throws(SystemError) -> ListenAddress {
        let loops = loops.withLock { $0 }
        let bound = try ListeningSockets(on: address, count: loops.count)
        let isUnix = if case .unix = address { true } else { false }
        for (part, descriptor) in zip(loops, bound.descriptors) {
            part.loop.execute { part.listen(descriptor, isUnix: isUnix, tls) }
        }
        sockets.withLock { $0.append(bound.address) }
        return bound.address
    }

    /// Drains: accepts no more, closes idle connections, lets requests that are being answered finish, and cancels the tasks of
    /// endless streams so that they send their last event. At the limit, what is left is cut off.
    ///
    /// Returns when no connection is left and every handler has returned; a second past the limit whatever a handler does.
    public func shutdown(within limit: Duration) async {
        for case .unix(let path) in sockets.withLock({ $0 }) { unlink(path) }
        await withTaskGroup(of: Void.self) { group in
            for part in loops.withLock({ $0 }) {
                group.addTask(executorPreference: part.loop) { await part.drain(within: limit) }
            }
        }
        // The parts hold the server.
        loops.withLock { $0 = [] }
    }

    /// The connections there are, on all loops.
    public var connections: Int { admission.connections }

    /// Connections that were refused because there were too many, since the start.
    public var refusedConnections: Int { admission.refusals }

    /// Bytes held for peers that are slow: bodies that are being gathered, answers that wait.
    public var heldBytes: Int { admission.heldBytes }

    /// Has the other loops close idle connections.
    func reclaimIdle(_ excess: Int, except own: ServerLoop) {
        for part in loops.withLock({ $0 }) where part !== own {
            part.loop.execute { part.reclaimIdle(excess, asksOthers: false) }
        }
    }

    func nextLoop() -> ServerLoop {
        loops.withLock { $0[turn.wrappingAdd(1, ordering: .relaxed).oldValue % $0.count] }
    }
}
