import Glibc

extension Channel {
    /// Bytes that the kernel has taken and the peer has not acknowledged (TCP) or read (Unix): what a slow reader still has
    /// before it. 0 when the kernel does not tell. Sockets only.
    public var unsentBytes: Int {
        guard isOpen else { return 0 }
        var bytes: Int32 = 0
        // SIOCOUTQ, which has the number of the terminals' request (tcp(7), unix(7)).
        guard ioctl(descriptor, UInt(TIOCOUTQ), &bytes) == 0 else { return 0 }
        return Int(bytes)
    }

    /// Has `close` throw away what the peer has not taken, and reset the connection: for a peer that is cut off, whose share
    /// of the kernel's memory is wanted back. Sockets only.
    public func resetOnClose() {
        guard isOpen else { return }
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}
