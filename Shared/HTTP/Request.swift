import Loops

/// A request as a handler or a proxy sees it: the head that was received and the content still to be read.
public struct Request: Sendable {
    public var method: Method
    /// The method's token when `method` is `.other`.
    public var otherMethod: String?
    /// The origin-form target exactly as received: path and query (RFC 9112 §3.2.1). Absolute-form is reduced to it by the
    /// parser.
    public var target: [UInt8]
    public var headers: Headers
    public var body: Body
    /// Who is on the other end of the connection.
    public var peer: Peer
    /// 0 when it came as HTTP/1.0.
    public var minorVersion = 1
    /// What the connection's TLS handshake has told, the client's certificate for one; nil without TLS.
    public var tls: TLSPeer?
    /// Where interim responses to it go; nil when its client could not read them.
    public var interim: (any InterimWriter)?

    public init(
        method: Method, target: [UInt8], headers: Headers = Headers(), body: Body = .empty, peer: Peer = .inProcess,
        otherMethod: String? = nil, tls: TLSPeer? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
        self.otherMethod = otherMethod
        self.tls = tls
    }

    /// A request with a target given as a string.
    public init(_ method: Method, _ target: String, headers: Headers = Headers(), body: Body = .empty) {
        self.init(method: method, target: Array(target.utf8), headers: headers, body: body)
    }

    /// The path's bytes, still percent-encoded.
    public var path: ArraySlice<UInt8> {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return target[...] }
        return target[..<mark]
    }

    /// The query's bytes without the `?`, still encoded; empty when there is none.
    public var query: ArraySlice<UInt8> {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        return target[(mark + 1)...]
    }
}

/// Takes interim responses (RFC 9110 §15.2), which go to the client before the answer does.
public protocol InterimWriter: AnyObject, Sendable {
    /// Called on the connection's loop. After the answer has been begun it does nothing.
    /// - Parameter status: 102 to 199.
    func writeInterim(_ status: Status, _ headers: Headers)
}

/// The other end of a connection.
public enum Peer: Sendable, Hashable {
    case inProcess
    case unix
    /// A numeric address and a port.
    case tcp(address: String, port: UInt16)

    /// Loopback, a Unix socket, or this very process.
    public var isLocal: Bool {
        switch self {
        case .inProcess, .unix: true
        case .tcp(let address, _): address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
        }
    }
}
