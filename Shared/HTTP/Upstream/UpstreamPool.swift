import Glibc
import Loops

/// One loop's connections to one upstream. Confined to its loop.
final class UpstreamPool: @unchecked Sendable {  // Confined to its loop's thread.
    /// What one read takes at most.
    private static let scratchBytes = 64 * 1024

    let loop: EventLoop
    let limits: UpstreamLimits
    /// The `Host` of requests that have none.
    let host: [UInt8]
    /// Where every read of this loop goes first; nothing stays in it across a wait.
    let scratch: UnsafeMutableRawBufferPointer
    /// Where heads are written; its storage is used again and again.
    var output: [UInt8] = []

    private let address: SocketAddress
    private var idle: [UpstreamConnection] = []
    private var openCount = 0
    private var waiters: [Waiter] = []
    private var sweeper: Timer?
    private var sweeps: UInt64 = 0
    private var isClosed = false

    /// A request that waits for a connection, or for leave to open one (nil).
    private final class Waiter: @unchecked Sendable {  // Confined to the pool's loop.
        var continuation: UnsafeContinuation<UpstreamConnection?, any Error>?
        var timer: Timer?

        func resume(_ result: Result<UpstreamConnection?, any Error>) {
            timer?.cancel()
            continuation?.resume(with: result)
            continuation = nil
        }
    }

    init(_ address: SocketAddress, _ limits: UpstreamLimits, _ loop: EventLoop) {
        self.address = address
        self.limits = limits
        self.loop = loop
        scratch = .allocate(byteCount: UpstreamPool.scratchBytes, alignment: 16)
        if case .tcp = address { host = Array(address.description.utf8) } else { host = Array("localhost".utf8) }
    }

    deinit {
        scratch.deallocate()
        loop.execute { [idle] in for connection in idle { connection.channel.close() } }
    }

    func send(_ request: Request) async throws -> Response {
        let connection = try await checkout()
        do {
            return try await UpstreamExchange.run(request, on: connection, of: self)
        } catch is UpstreamConnection.Stale {
            guard request.method.isIdempotent, request.body.isWhole else {
                throw UpstreamError.protocolError("closed the connection before it answered")
            }
        }
        let fresh = try await open()
        do {
            return try await UpstreamExchange.run(request, on: fresh, of: self)
        } catch is UpstreamConnection.Stale {
            throw UpstreamError.protocolError("closed the connection before it answered")
        }
    }

    /// Takes a connection back: into the pool, or to whoever waits for one.
    func release(_ connection: UpstreamConnection) {
        guard !isClosed, connection.isHealthy else { return discard(connection) }
        connection.isReused = true
        if !waiters.isEmpty { return waiters.removeFirst().resume(.success(connection)) }
        guard idle.count < limits.idleConnectionsMax else { return discard(connection) }
        connection.sweep = sweeps
        idle.append(connection)
        if sweeper == nil { startSweeping() }
    }

    /// Closes a connection; its place is free.
    func discard(_ connection: UpstreamConnection) {
        guard connection.channel.isOpen else { return }
        connection.channel.close()
        openCount -= 1
        if !waiters.isEmpty { waiters.removeFirst().resume(.success(nil)) }
    }

    func close() {
        isClosed = true
        sweeper?.cancel()
        sweeper = nil
        for connection in idle { discard(connection) }
        idle.removeAll()
    }

    /// The connection that was used last, if it is still good: the others may then grow old and go.
    private func checkout() async throws -> UpstreamConnection {
        while let connection = idle.popLast() {
            if connection.isQuiet { return connection }
            discard(connection)
        }
        return try await open()
    }

    private func open() async throws -> UpstreamConnection {
        if openCount >= limits.connectionsMax {
            if let oldest = idle.first {
                idle.removeFirst()
                discard(oldest)
            } else if let connection = try await wait() {
                return connection
            }
        }
        openCount += 1
        do {
            return UpstreamConnection(try await Channel.connect(to: resolved(), limits.connectTimeout))
        } catch {
            openCount -= 1
            if !waiters.isEmpty { waiters.removeFirst().resume(.success(nil)) }
            switch error {
            case is CancellationError, is UpstreamError: throw error
            case ChannelError.timedOut: throw UpstreamError.timeout("connecting to \(address)")
            case let error as SystemError where UpstreamPool.isOwnLack(error):
                throw UpstreamError.overloaded("\(address): \(error)")
            default: throw UpstreamError.unavailable("\(address): \(error)")
            }
        }
    }

    /// Whether it is this process that has run out of something: that says nothing of the upstream.
    private static func isOwnLack(_ error: SystemError) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(error.code)
    }

    /// The address in numbers. Names are looked up for each connection: what they stand for changes as instances come and go.
    private func resolved() async throws -> SocketAddress {
        guard case .tcp(let host, let port) = address, !HostLookup.isNumeric(host) else { return address }
        return .tcp(host: try await HostLookup.resolve(host), port: port)
    }

    private func wait() async throws -> UpstreamConnection? {
        guard waiters.count < limits.waitersMax else {
            throw UpstreamError.overloaded("\(address): too many requests wait for it")
        }
        let waiter = Waiter()
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                waiter.continuation = continuation
                waiter.timer = loop.timer { [weak self, weak waiter] in
                    if let waiter { self?.giveUp(waiter, UpstreamError.overloaded("no connection became free")) }
                }
                waiter.timer?.reset(limits.connectTimeout)
                waiters.append(waiter)
            }
        } onCancel: {
            loop.execute { self.giveUp(waiter, CancellationError()) }
        }
    }

    private func giveUp(_ waiter: Waiter, _ error: any Error) {
        guard let index = waiters.firstIndex(where: { $0 === waiter }) else { return }
        waiters.remove(at: index)
        waiter.resume(.failure(error))
    }

    /// Looks twice in the idle time; what was unused at both looks goes.
    private func startSweeping() {
        sweeper = loop.schedule(after: limits.idleTimeout / 2) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        sweeper = nil
        let old = idle.prefix { $0.sweep < sweeps || !$0.isHealthy }
        idle.removeFirst(old.count)
        for connection in old { discard(connection) }
        sweeps += 1
        if !idle.isEmpty { startSweeping() }
    }
}

extension Body {
    /// It is all here, and can be sent twice.
    var isWhole: Bool { if case .stream = self { false } else { true } }
}
