import CSystem
import Glibc

extension Channel {
    /// Connects to `address` on the current loop.
    /// - Parameter timeout: for the whole.
    /// - Throws: `SystemError` (`ECONNREFUSED`, `ENOENT`, …), `ChannelError.timedOut`, `CancellationError`.
    public static func connect(to address: SocketAddress, _ timeout: Timeout = .seconds(10)) async throws -> Channel {
        guard let loop = EventLoop.current else { preconditionFailure("connect is called on an event loop") }
        var backlogWaits = 0
        while true {
            let (descriptor, progress) = try start(address)
            do {
                switch progress {
                case .done: return try adopt(descriptor, loop)
                case .underWay: return try await finish(try adopt(descriptor, loop), timeout)
                case .backlogFull: Glibc.close(descriptor)
                }
            } catch let error as SystemError where error.call == "epoll_ctl" {
                Glibc.close(descriptor)
                throw error
            }
            // A Unix socket does not queue beyond its listener's backlog, nor tell when there is room.
            backlogWaits += 1
            if backlogWaits > 100 { throw ChannelError.timedOut }
            try await EventLoop.sleep(for: .milliseconds(10))
        }
    }

    private enum Progress { case done, underWay, backlogFull }

    private static func start(_ address: SocketAddress) throws(SystemError) -> (Int32, Progress) {
        try address.withKernelForm { family, kernelForm, length throws(SystemError) in
            let descriptor = nexus_stream_socket(family)
            guard descriptor >= 0 else { throw SystemError("socket") }
            if family != AF_UNIX { disableDelay(descriptor) }
            if Glibc.connect(descriptor, kernelForm, length) == 0 { return (descriptor, .done) }
            switch errno {
            case EINPROGRESS: return (descriptor, .underWay)
            case EAGAIN: return (descriptor, .backlogFull)
            default:
                let error = SystemError("connect to \(address)")
                Glibc.close(descriptor)
                throw error
            }
        }
    }

    private static func adopt(_ descriptor: Int32, _ loop: EventLoop) throws(SystemError) -> Channel {
        try Channel(adopting: descriptor, on: loop, isSocket: true)
    }

    private static func finish(_ channel: Channel, _ timeout: Timeout) async throws -> Channel {
        do {
            try await channel.waitWritable(timeout)
        } catch {
            channel.close()
            throw error
        }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(channel.descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        if code != 0 {
            channel.close()
            throw SystemError("connect", code: code)
        }
        return channel
    }

    /// `TCP_NODELAY`: what is written goes out at once.
    static func disableDelay(_ descriptor: Int32) {
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
