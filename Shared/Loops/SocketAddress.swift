import CSystem
import Glibc

/// Where a server listens or a client connects: `127.0.0.1:8081`, `[::1]:8081`, `localhost:8081` or `unix:PATH`.
public enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address, or `localhost`; no name is looked up here.
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// The kernel's limit for a socket's path, without its final zero.
    public static let unixPathBytesMax = 107

    /// - Returns: nil when `text` is neither `host:port` nor `unix:PATH`.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            if path.isEmpty || path.utf8.count > SocketAddress.unixPathBytesMax { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: port)
    }

    /// The form that `init` takes.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The same host with another port; a Unix path as it is.
    func with(port: UInt16) -> SocketAddress {
        if case .tcp(let host, _) = self { .tcp(host: host, port: port) } else { self }
    }

    /// - Returns: nil for the address of a family that is not known here, or of an unnamed Unix socket.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in.self) }
            self = .tcp(host: SocketAddress.text(of: address.sin_addr, AF_INET), port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
            self = .tcp(host: SocketAddress.text(of: address.sin6_addr, AF_INET6), port: UInt16(bigEndian: address.sin6_port))
        default: return nil
        }
    }

    /// Calls `body` with the address as the kernel takes it.
    /// - Throws: `SystemError` `EINVAL` for a host that is not numeric, `ENAMETOOLONG` for a path; what `body` throws.
    func withKernelForm<Result>(
        _ body: (_ family: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        switch self {
        case .tcp(let host, let port):
            var four = sockaddr_in()
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            if inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &four.sin_addr) == 1 {
                return try SocketAddress.pass(&four, AF_INET, body)
            }
            var six = sockaddr_in6()
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else { throw SystemError("address \(host)", code: EINVAL) }
            return try SocketAddress.pass(&six, AF_INET6, body)
        case .unix(let path):
            guard path.utf8.count <= SocketAddress.unixPathBytesMax else {
                throw SystemError("socket path \(path)", code: ENAMETOOLONG)
            }
            var unix = sockaddr_un()
            unix.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &unix.sun_path) { $0.copyBytes(from: path.utf8) }
            return try SocketAddress.pass(&unix, AF_UNIX, body)
        }
    }

    private static func pass<Address, Result>(
        _ address: inout Address, _ family: Int32,
        _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let length = socklen_t(MemoryLayout<Address>.size)
        return try withUnsafePointer(to: &address) { pointer throws(SystemError) in
            try body(family, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), length)
        }
    }

    private static func text<Address>(of address: Address, _ family: Int32) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let result = withUnsafeBytes(of: address) { inet_ntop(family, $0.baseAddress, &text, socklen_t(INET6_ADDRSTRLEN)) }
        guard result != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
