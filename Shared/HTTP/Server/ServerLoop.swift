import Glibc
import Loops

/// A server's part on one loop: its listeners, its connections, and what they share. Confined to the loop.
final class ServerLoop: @unchecked Sendable {  // Confined to its loop's thread.
    /// Free blocks kept; more are given back to the heap.
    private static let freeBlocksMax = 64

    /// How long a drain waits for handlers that have been cancelled and do not return.
    private static let cancelledHandlersMax = Duration.seconds(1)

    let loop: EventLoop
    let server: HTTPServer
    let parser: RequestParser
    var date = DateCache()
    private(set) var isDraining = false
    private var listeners: [Listener] = []
    var connections: [ObjectIdentifier: Connection] = [:]
    private var freeBlocks: [InputBlock] = []
    private var freeOutputs: [[UInt8]] = []
    private var whenEmpty: UnsafeContinuation<Void, Never>?
    /// Requests whose answers have not begun.
    var requestCount = 0
    /// Idle connections that were told to close and have not yet.
    var reclaimedCount = 0
    /// How often a connection has become idle: tells which has been so longest, however many do in one millisecond.
    var idleTurns: UInt64 = 0
    /// When it is worth looking for idle connections again.
    var reclaimNotBefore: UInt64 = 0

    init(loop: EventLoop, server: HTTPServer) {
        self.loop = loop
        self.server = server
        parser = RequestParser(limits: server.limits)
    }

    /// Accepts on `descriptor` from now on.
    func listen(_ descriptor: Int32, isUnix: Bool, _ tls: TLSServer?) {
        guard !isDraining else { return Glibc.close(descriptor).discarded }
        do {
            listeners.append(
                try Listener(
                    descriptor, isUnix: isUnix, on: loop,
                    exhausted: { [unowned self] in reclaimIdle(ServerLoop.reclaimedAtOnceMax) },
                    accept: { [unowned self] connection, peer in accepted(connection, peer, isUnix, tls) }))
        } catch {
            // epoll refuses no socket but for lack of memory; the address then answers nobody, as if not listened on.
            Glibc.close(descriptor)
        }
    }

    /// Stops accepting, has every connection end, and waits until all have; at the limit they are cut off.
    func drain(within limit: Duration) async {
        // Who is in the queue already is still answered.
        for listener in listeners { listener.close() }
        listeners = []
        isDraining = true
        for connection in connections.values { connection.beginDraining() }
        if connections.isEmpty { return }
        let cutOff = loop.schedule(after: limit) { [self] in
            for connection in connections.values { connection.cutOff() }
        }
        let giveUp = loop.schedule(after: limit + ServerLoop.cancelledHandlersMax) { [self] in resumeDrain() }
        await withUnsafeContinuation { whenEmpty = $0 }
        cutOff.cancel()
        giveUp.cancel()
    }

    func adopt(_ descriptor: Int32, _ peer: Peer, _ tls: TLSServer?) {
        // Nil when epoll is out of memory: the client sees a closed connection, as in a drain, and may try elsewhere.
        let channel = isDraining ? nil : try? Channel(adopting: descriptor, on: loop, isSocket: true)
        guard let channel else {
            server.admission.ended(peer)
            return Glibc.close(descriptor).discarded
        }
        let connection = Connection(channel, peer, tls, on: self)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
    }

    func ended(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        if connection.isReclaimed { reclaimedCount -= 1 }
        server.admission.ended(connection.peer)
        if connections.isEmpty { resumeDrain() }
    }

    func lendBlock() -> InputBlock { freeBlocks.popLast() ?? InputBlock() }

    func takeBack(_ block: InputBlock?) {
        if let block, freeBlocks.count < ServerLoop.freeBlocksMax { freeBlocks.append(block) }
    }

    func lendOutput() -> [UInt8] { freeOutputs.popLast() ?? [] }

    func takeBack(_ output: consuming [UInt8]) {
        if output.capacity > 0, freeOutputs.count < ServerLoop.freeBlocksMax { freeOutputs.append(output) }
    }

    private func resumeDrain() {
        guard let whenEmpty else { return }
        self.whenEmpty = nil
        whenEmpty.resume()
    }

    private func accepted(_ descriptor: Int32, _ address: SocketAddress?, _ isUnix: Bool, _ tls: TLSServer?) {
        let peer = Peer(address)
        let verdict = server.admission.admit(peer)
        if let error = verdict.error {
            // Over TLS an answer would cost a handshake.
            return tls == nil ? turnAway(descriptor, error) : Glibc.close(descriptor).discarded
        }
        let excess = server.admission.excess
        if excess > 0 { reclaimIdle(excess) }
        guard isUnix else { return adopt(descriptor, peer, tls) }
        // One Unix socket listens on one loop: its connections go round.
        let other = server.nextLoop()
        if other.loop === loop { return adopt(descriptor, peer, tls) }
        other.loop.execute { other.adopt(descriptor, peer, tls) }
    }

    /// Past a connection limit: an answer that costs no task and no wait.
    private func turnAway(_ descriptor: Int32, _ error: HTTPError) {
        var response = server.renderError(error)
        response.headers.set("retry-after", "1")
        var bytes: [UInt8] = []
        if case .bytes(let body) = response.body {
            HeadWriter.write(response, content: .length(body.count), persistence: .close, date: date.line(), into: &bytes)
            bytes += body
        } else {
            HeadWriter.write(response, content: .length(0), persistence: .close, date: date.line(), into: &bytes)
        }
        send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(descriptor, Int32(SHUT_WR))
        // What the client has sent is read, since closing over it would take the answer from it (RFC 9112 §9.6).
        recv(descriptor, &bytes, bytes.count, 0)
        Glibc.close(descriptor)
    }
}

extension Peer {
    init(_ address: SocketAddress?) {
        if case .tcp(let host, let port)? = address {
            self = .tcp(address: host, port: port)
        } else {
            self = .unix
        }
    }
}

extension Int32 {
    /// A result that tells nothing one could act on.
    fileprivate var discarded: Void { () }
}
