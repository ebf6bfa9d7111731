import CSystem
import Glibc

/// What a channel tells its owner beside waking who waits. Called on the loop.
public protocol ChannelDelegate: AnyObject {
    /// There is room to write again; told only after `Channel.notifyWhenWritable()`.
    func channelBecameWritable()
    /// The peer sends no more (it may still read).
    func channelPeerShutDown()
    /// Both directions are gone: nothing sent now is read by anyone.
    func channelHungUp()
}

extension ChannelDelegate {
    public func channelBecameWritable() {}
    public func channelPeerShutDown() {}
    public func channelHungUp() {}
}

/// A non-blocking descriptor on a loop: a socket, a pipe, a pidfd, an eventfd. Confined to its loop.
///
/// It is registered once, edge-triggered, for both directions. Reading and writing try the system call first and give nil when it
/// would block; only then is there something to wait for. At most one task waits for each direction at a time.
public final class Channel: Registration, @unchecked Sendable {  // Confined to its loop's thread, as its superclass.
    /// One direction's readiness and who waits for it.
    struct Side {
        /// An edge was seen since the last `EAGAIN`.
        var isReady = false
        var waiter: UnsafeContinuation<Void, any Error>?
        /// Tells one wait from the next, for a cancellation that comes late.
        var sequence: UInt64 = 0
        var timer: Timer?
    }

    enum Direction { case reading, writing }

    subscript(_ direction: Direction) -> Side {
        @inline(__always) get { direction == .reading ? reading : writing }
        @inline(__always) _modify {
            if direction == .reading { yield &reading } else { yield &writing }
        }
    }

    static let edges =
        EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue

    public private(set) var isOpen = true
    /// The peer sends no more.
    public private(set) var isPeerShutDown = false
    /// The descriptor has failed or both directions are gone.
    public private(set) var isHungUp = false
    /// Something came since all was read, or may have.
    public var isReadReady: Bool { reading.isReady }
    public weak var delegate: (any ChannelDelegate)?

    var reading = Side()
    var writing = Side()
    /// What bytes pass through on their way; nil when they are sent as they are.
    var session: TLSSession?
    private var notifiesWritable = false
    private let isSocket: Bool

    /// Takes over `descriptor`, which must be non-blocking and is closed by `close()` alone. Called on the loop.
    /// - Parameter isSocket: a short read or write of a stream socket means that there is no more for now; saves a system call.
    /// - Throws: `SystemError` when epoll does not take it; it is still the caller's then.
    public init(adopting descriptor: Int32, on loop: EventLoop, isSocket: Bool = false) throws(SystemError) {
        loop.preconditionCurrent()
        self.isSocket = isSocket
        super.init(descriptor, on: loop)
        try loop.registrations.add(self, events: Channel.edges)
    }

    /// Reads what there is, up to the buffer's size. 0 at the end, nil when there is nothing yet.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        guard isOpen else { throw SystemError("read", code: EBADF) }
        if let session { return try session.read(into: buffer) }
        return try readDescriptor(into: buffer)
    }

    /// As `read`, past a TLS session.
    @inline(__always) func readDescriptor(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 {
                if isSocket, count > 0, count < buffer.count, !isPeerShutDown, !isHungUp { reading.isReady = false }
                return count
            }
            if errno == EAGAIN {
                reading.isReady = false
                return nil
            }
            if errno != EINTR { throw SystemError("read") }
        }
    }

    /// How many of the bytes that did not fit at the last writing are on their way all the same: they must be given again as they
    /// were, before anything else. 0 without TLS, where what did not fit may be thought better of.
    public var bytesBegun: Int { session?.bytesBegun ?? 0 }

    /// Writes what fits. Nil when nothing does.
    /// - Parameter more: more follows at once; a socket may wait with sending a small rest.
    public func write(_ bytes: UnsafeRawBufferPointer, more: Bool = false) throws(SystemError) -> Int? {
        guard isOpen else { throw SystemError("write", code: EBADF) }
        if let session { return try session.write(bytes) }
        return try writeDescriptor(bytes, more: more)
    }

    /// As `write`, past a TLS session.
    @inline(__always) func writeDescriptor(_ bytes: UnsafeRawBufferPointer, more: Bool) throws(SystemError) -> Int? {
        while true {
            let count: Int
            if isSocket {
                let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
                count = send(descriptor, bytes.baseAddress, bytes.count, flags)
            } else {
                count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            if let count = try written(count, of: bytes.count, call: "write") { return count < 0 ? nil : count }
        }
    }

    /// Writes what fits of two pieces that belong together, in one system call. Nil when nothing does. Sockets only.
    public func write(
        _ first: UnsafeRawBufferPointer, then second: UnsafeRawBufferPointer
    ) throws(SystemError) -> Int? {
        guard isOpen else { throw SystemError("write", code: EBADF) }
        if let session { return try session.write(first, then: second) }
        while true {
            // The kernel reads from both and writes to neither.
            let parts = (
                iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
                iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            )
            let count = withUnsafePointer(to: parts) { parts in
                var message = msghdr()
                message.msg_iov = UnsafeMutableRawPointer(mutating: parts).assumingMemoryBound(to: iovec.self)
                message.msg_iovlen = 2
                return sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
            }
            if let count = try written(count, of: first.count + second.count, call: "sendmsg") { return count < 0 ? nil : count }
        }
    }

    /// Sends what fits of a file's bytes from `offset` on. 0 at the file's end, nil when nothing fits. Sockets only.
    public func sendFile(_ file: Int32, offset: Int, count: Int) throws(SystemError) -> Int? {
        guard isOpen else { throw SystemError("sendfile", code: EBADF) }
        if let session { return try session.sendFile(file, offset: offset, count: count) }
        while true {
            var position = off_t(offset)
            let sent = sendfile(descriptor, file, &position, count)
            // A short `sendfile` says nothing about the socket: only EAGAIN does.
            if let sent = try written(sent, of: sent, call: "sendfile") { return sent < 0 ? nil : sent }
        }
    }

    /// Sends no more; the peer reads an end. Sockets only.
    public func shutDownWriting() {
        session?.end()
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the descriptor fail on both sides at once; who waits is told. Sockets only.
    public func abort() {
        guard isOpen else { return }
        session?.isBroken = true
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Closes the descriptor. Who waits gets `ChannelError.closed`. May be called twice.
    public func close() {
        guard isOpen else { return }
        if let session {
            if !isHungUp { session.end() }
            self.session = nil
        }
        isOpen = false
        loop.registrations.remove(self)
        Glibc.close(descriptor)
        reading.timer?.cancel()
        writing.timer?.cancel()
        resume(.reading, throwing: ChannelError.closed)
        resume(.writing, throwing: ChannelError.closed)
    }

    /// Has the delegate told, once, when there is room to write again.
    public func notifyWhenWritable() {
        notifiesWritable = true
        if writing.isReady { loop.execute { self.tellWritable() } }
    }

    override func handle(_ events: UInt32) {
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0, !isHungUp {
            isHungUp = true
            reading.isReady = true
            writing.isReady = true
            delegate?.channelHungUp()
        }
        if events & EPOLLRDHUP.rawValue != 0, !isPeerShutDown {
            isPeerShutDown = true
            reading.isReady = true
            delegate?.channelPeerShutDown()
        }
        if events & EPOLLIN.rawValue != 0 { reading.isReady = true }
        if events & EPOLLOUT.rawValue != 0 { writing.isReady = true }
        session?.crossReadiness()
        if reading.isReady { resume(.reading, throwing: nil) }
        if writing.isReady {
            resume(.writing, throwing: nil)
            tellWritable()
        }
    }

    private func tellWritable() {
        guard notifiesWritable else { return }
        notifiesWritable = false
        delegate?.channelBecameWritable()
    }

    /// The count to give, -1 for "would block", nil for "again".
    private func written(_ count: Int, of wanted: Int, call: String) throws(SystemError) -> Int? {
        if count >= 0 {
            if isSocket, count < wanted { writing.isReady = false }
            return count
        }
        if errno == EAGAIN {
            writing.isReady = false
            return -1
        }
        if errno == EINTR { return nil }
        throw SystemError(call)
    }
}
