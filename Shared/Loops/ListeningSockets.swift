import CSystem
import Glibc

/// Sockets that listen on one address, not yet on any loop.
public struct ListeningSockets: Sendable {
    /// The address with the port that the kernel chose.
    public let address: SocketAddress
    /// TCP: one for each loop, between which the kernel spreads the connections. Unix: one.
    public let descriptors: [Int32]

    /// The longest queue of connections that nobody has accepted yet; the kernel's own limit applies too.
    private static let backlog: Int32 = 4096

    /// Binds and listens. Port 0 takes a free port. A Unix socket that nobody listens on any more is replaced.
    /// - Parameter count: the number of TCP sockets.
    /// - Throws: `SystemError`; `EADDRINUSE` when somebody listens there, another process of this user with `SO_REUSEPORT` too.
    public init(on address: SocketAddress, count: Int) throws(SystemError) {
        switch address {
        case .unix(let path):
            try ListeningSockets.removeStale(path)
            descriptors = [try ListeningSockets.open(address, sharesPort: false)]
            // Only the user's own processes may connect, whatever the umask.
            chmod(path, S_IRUSR | S_IWUSR)
            self.address = address
        case .tcp(_, let port):
            if port != 0 { Glibc.close(try ListeningSockets.open(address, sharesPort: false)) }
            var opened: [Int32] = []
            var bound = address
            do {
                for _ in 0..<count {
                    opened.append(try ListeningSockets.open(bound, sharesPort: true))
                    if opened.count == 1 { bound = bound.with(port: ListeningSockets.port(of: opened[0])) }
                }
            } catch {
                for descriptor in opened { Glibc.close(descriptor) }
                throw error
            }
            descriptors = opened
            self.address = bound
        }
    }

    private static func open(_ address: SocketAddress, sharesPort: Bool) throws(SystemError) -> Int32 {
        try address.withKernelForm { family, kernelForm, length throws(SystemError) in
            let descriptor = nexus_stream_socket(family)
            guard descriptor >= 0 else { throw SystemError("socket") }
            var on: Int32 = 1
            let size = socklen_t(MemoryLayout<Int32>.size)
            if family != AF_UNIX {
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
                if sharesPort { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size) }
            }
            guard bind(descriptor, kernelForm, length) == 0, listen(descriptor, backlog) == 0 else {
                let error = SystemError("listen on \(address)")
                Glibc.close(descriptor)
                throw error
            }
            return descriptor
        }
    }

    private static func port(of descriptor: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            getsockname(descriptor, UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &length)
        }
        guard result == 0, case .tcp(_, let port)? = SocketAddress(storage) else { return 0 }
        return port
    }

    /// Unlinks a socket file that refuses connections: its process has died.
    private static func removeStale(_ path: String) throws(SystemError) {
        try SocketAddress.unix(path: path).withKernelForm { family, kernelForm, length throws(SystemError) in
            let descriptor = nexus_stream_socket(family)
            guard descriptor >= 0 else { throw SystemError("socket") }
            defer { Glibc.close(descriptor) }
            if connect(descriptor, kernelForm, length) != 0, errno == ECONNREFUSED { unlink(path) }
        }
    }
}
