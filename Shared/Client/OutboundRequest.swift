import HTTP

/// A request to somewhere else.
public struct OutboundRequest: Sendable {
    /// What is sent along.
    public enum Content: Sendable {
        case empty
        case bytes([UInt8])
        /// A file, read as it is sent.
        case file(String)
    }

    public static let connectTimeoutDefault = Duration.seconds(10)
    public static let timeoutDefault = Duration.seconds(60)
    public static let responseBytesMaxDefault = 16 * 1024 * 1024

    public var method: Method
    /// Absolute, `http` or `https`; nothing else is ever spoken.
    public var url: String
    public var headers: Headers
    public var content: Content
    /// For resolving the name, connecting, and TLS.
    public var connectTimeout = connectTimeoutDefault
    /// From the start to the last byte; nil for a stream without an end.
    public var timeout: Duration? = timeoutDefault
    /// The most bytes of content that `HTTPClient.send` takes.
    public var responseBytesMax = responseBytesMaxDefault
    /// Redirects that are followed; each may lead anywhere, so none are unless the caller says so.
    public var redirectsMax = 0
    /// Connects to this Unix socket, whatever host the URL names.
    public var unixSocket: String?

    public init(_ method: Method, _ url: String, headers: Headers = Headers(), content: Content = .empty) {
        self.method = method
        self.url = url
        self.headers = headers
        self.content = content
    }

    /// A request with a JSON body.
    public static func json(_ method: Method, _ url: String, _ body: [UInt8]) -> OutboundRequest {
        var request = OutboundRequest(method, url, content: .bytes(body))
        request.headers.add("content-type", "application/json".utf8)
        return request
    }
}

/// A whole answer.
public struct OutboundResponse: Sendable {
    public let status: Status
    public let headers: Headers
    public let body: [UInt8]

    public init(status: Status, headers: Headers = Headers(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// 200–299.
    public var isSuccess: Bool { (200..<300).contains(status.code) }

    /// The content as text, with whatever is not UTF-8 replaced.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
