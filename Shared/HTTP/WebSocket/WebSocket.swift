import Loops

/// One WebSocket, the server's side of it (RFC 6455). Confined to its loop.
///
/// Messages are pulled by `receive`: a client whose messages are not taken waits. Pings are answered, and sent, while `receive`
/// waits.
public final class WebSocket: @unchecked Sendable {  // Confined to its loop's thread.
    /// What a client sends: text is UTF-8.
    public enum Message: Sendable, Equatable {
        case text([UInt8])
        case binary([UInt8])
    }

    private enum State {
        case open
        /// This side has closed, and waits for the other to.
        case closing
        case over
    }

    private let connection: UpgradedConnection
    private let limits: WebSocketLimits
    private var parser: WebSocketParser
    private var state = State.open
    private var timer: Timer?
    private var isReceiving = false
    private var awaitsPong = false
    /// What the peer closed with; nil while it has not, and when it gave no code.
    public private(set) var peerCode: WebSocketCloseCode?

    private init(_ connection: UpgradedConnection, _ limits: WebSocketLimits) {
        self.connection = connection
        self.limits = limits
        parser = WebSocketParser(limits: limits)
        connection.writeTimeout = limits.writeTimeout
    }

    /// Serves a connection that has just been upgraded, until it is over.
    static func run(
        on connection: UpgradedConnection, _ limits: WebSocketLimits, _ serve: @Sendable (WebSocket) async -> Void
    ) async {
        let socket = WebSocket(connection, limits)
        socket.timer = connection.loop.timer { [weak socket] in socket?.timeIsUp() }
        socket.timer?.reset(limits.pingInterval)
        connection.onDraining { [weak socket] in socket?.close(.goingAway, "the server is shutting down") }
        await serve(socket)
        socket.close(.normal)
        while await socket.receive() != nil {}
        // The last frame is owed, but not for ever.
        socket.timer?.reset(limits.closeTimeout)
        await connection.drained()
        socket.timer?.cancel()
    }

    public var loop: EventLoop { connection.loop }

    /// Messages can be sent.
    public var isOpen: Bool { state == .open && !connection.isGone }

    /// Sent, and not yet taken by the kernel.
    public var queuedBytes: Int { connection.queuedBytes }

    /// The next message; nil when the WebSocket is over, whoever ended it.
    public func receive() async -> Message? {
        isReceiving = true
        defer { isReceiving = false }
        while state != .over {
            var event: WebSocketParser.Event?
            do {
                let isMore = try await connection.receive({ state != .over }) { bytes in
                    var cursor = 0
                    event = try parser.next(in: bytes, from: &cursor)
                    return cursor
                }
                if !isMore { state = .over }
            } catch let error as WebSocketError {
                fail(error)
            } catch {
                state = .over
            }
            if let event, let message = take(event) { return message }
        }
        return nil
    }

    /// Sends a message, and returns when the kernel has taken it. For one task at a time.
    public func send(_ message: Message) async {
        guard isOpen else { return }
        switch message {
        case .text(let bytes): connection.send(WebSocketFrame.text(bytes))
        case .binary(let bytes): connection.send(WebSocketFrame.binary(bytes))
        }
        await connection.drained()
    }

    /// Sends whole frames (`WebSocketFrame.text`) without waiting. A peer that has left more than `queuedBytesMax` bytes unread
    /// gets no more: it is closed with 1013.
    /// - Returns: false when nothing can be sent any more.
    @discardableResult
    public func offer(_ frames: some Sequence<[UInt8]>) -> Bool {
        guard isOpen else { return false }
        for frame in frames {
            guard connection.queuedBytes <= limits.queuedBytesMax else {
                connection.dropQueued()
                close(.tryAgainLater, "reads too slowly")
                return false
            }
            connection.add(frame)
        }
        connection.flush()
        return true
    }

    /// Closes, and gives the peer `closeTimeout` to do so too. Nothing when it is closed already.
    public func close(_ code: WebSocketCloseCode, _ reason: String = "") {
        guard state == .open else { return }
        state = .closing
        connection.send(WebSocketFrame.close(code, reason))
        timer?.reset(limits.closeTimeout)
    }

    /// The message in an event; control frames are seen to here (§5.5).
    private func take(_ event: WebSocketParser.Event) -> Message? {
        switch event {
        case .text(let bytes): return state == .open ? .text(bytes) : nil
        case .binary(let bytes): return state == .open ? .binary(bytes) : nil
        case .ping(let payload):
            offer(CollectionOfOne(WebSocketFrame.encode(.pong, payload)))
        case .pong:
            if awaitsPong, state == .open {
                awaitsPong = false
                timer?.reset(limits.pingInterval)
            }
        case .close(let code, _):
            peerCode = code
            if state == .open {
                connection.send(code.map { WebSocketFrame.close($0, "") } ?? WebSocketFrame.encode(.close, []))
            }
            state = .over
        }
        return nil
    }

    /// Fails the connection (§7.1.7): says why, and reads no more.
    private func fail(_ error: WebSocketError) {
        if state == .open { connection.send(WebSocketFrame.close(error.code, error.reason)) }
        state = .over
    }

    private func timeIsUp() {
        guard state == .open else { return connection.cut() }
        if !isReceiving {
            // Nobody looks at what comes: the pong may be there.
            timer?.reset(limits.pingInterval)
        } else if awaitsPong {
            fail(WebSocketError(.internalError, "no pong"))
            connection.wakeReader()
        } else {
            awaitsPong = true
            connection.send(WebSocketFrame.encode(.ping, []))
            timer?.reset(limits.pongTimeout)
        }
    }
}
