import CSystem
import Glibc

/// Accepts connections on a loop. Confined to it.
public final class Listener: Registration, @unchecked Sendable {  // Confined to its loop's thread, as its superclass.
    /// Connections accepted before others on the loop have a turn.
    private static let acceptsPerTurnMax = 64
    /// How long to leave the queue alone when the process has no descriptor left.
    private static let exhaustedPause = Timeout.milliseconds(100)

    /// Takes the connected descriptor (non-blocking, without delay), and the peer's address unless it is a Unix socket.
    public typealias Accept = @Sendable (_ descriptor: Int32, _ peer: SocketAddress?) -> Void

    private let accept: Accept
    private let exhausted: @Sendable () -> Void
    private let isUnix: Bool
    /// Held open so that, with no descriptor left, a connection can still be accepted, to be closed at once: left in the queue
    /// it would wake the loop for ever, and its client would wait for nothing.
    private var reserve: Int32 = -1
    private var pauseTimer: Timer?
    private var isOpen = true

    /// Takes over `descriptor`, one of `ListeningSockets`. Called on the loop.
    /// - Parameter exhausted: called when the process has no descriptor left to accept with: its user may free some.
    /// - Throws: `SystemError` when epoll does not take it.
    public init(
        _ descriptor: Int32, isUnix: Bool, on loop: EventLoop, exhausted: @escaping @Sendable () -> Void = {},
        accept: @escaping Accept
    ) throws(SystemError) {
        loop.preconditionCurrent()
        self.accept = accept
        self.exhausted = exhausted
        self.isUnix = isUnix
        super.init(descriptor, on: loop)
        openReserve()
        try loop.registrations.add(self, events: EPOLLIN.rawValue | EPOLLET.rawValue)
    }

    /// Accepts what the kernel has queued already, then closes. May be called twice.
    public func close() {
        guard isOpen else { return }
        while takeOne() == .accepted {}
        isOpen = false
        loop.registrations.remove(self)
        pauseTimer?.cancel()
        Glibc.close(descriptor)
        if reserve >= 0 { Glibc.close(reserve) }
    }

    override func handle(_ events: UInt32) { takeSome() }

    private func takeSome() {
        guard isOpen else { return }
        for _ in 0..<Listener.acceptsPerTurnMax {
            switch takeOne() {
            case .accepted: continue
            case .empty: return
            case .exhausted:
                turnOneAway()
                exhausted()
                return pause()
            }
        }
        loop.execute { self.takeSome() }
    }

    private enum Outcome { case accepted, empty, exhausted }

    private func takeOne() -> Outcome {
        while true {
            var storage = sockaddr_storage()
            var length: socklen_t = 0
            let connection = nexus_accept_from(descriptor, &storage, &length)
            if connection >= 0 {
                if !isUnix { Channel.disableDelay(connection) }
                accept(connection, isUnix ? nil : SocketAddress(storage))
                return .accepted
            }
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            // A connection that died in the queue is reported here as its own error (accept(2)): the next one counts.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH: continue
            default: return .empty
            }
        }
    }

    private func turnOneAway() {
        guard reserve >= 0 else { return openReserve() }
        Glibc.close(reserve)
        let connection = nexus_accept(descriptor)
        if connection >= 0 { Glibc.close(connection) }
        openReserve()
    }

    private func pause() {
        if pauseTimer == nil { pauseTimer = loop.timer { [weak self] in self?.takeSome() } }
        pauseTimer?.reset(Listener.exhaustedPause)
    }

    private func openReserve() { reserve = open("/dev/null", O_RDONLY | O_CLOEXEC) }
}
