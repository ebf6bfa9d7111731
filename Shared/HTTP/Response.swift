/// An answer: a status, headers, and content that is nothing, whole, a file, or produced piece by piece.
///
/// `Content-Length`, `Transfer-Encoding`, `Date` and `Connection` are the connection's business; a handler leaves them out.
public struct Response: Sendable {
    public var status: Status
    public var headers: Headers
    public var body: ResponseBody
    /// Told how the answer went, by the connection that sends it.
    public var observer: (any ExchangeObserver)?

    public init(_ status: Status, headers: Headers = Headers(), body: ResponseBody = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Encoded JSON.
    public static func json(_ bytes: [UInt8], status: Status = .ok) -> Response {
        Response(status, headers: jsonHeaders, body: .bytes(bytes))
    }

    /// Made once. A browser takes the content for nothing else than it says.
    private static let jsonHeaders: Headers = {
        var headers = Headers()
        headers.add("content-type", "application/json".utf8)
        headers.add("x-content-type-options", "nosniff".utf8)
        return headers
    }()

    /// Text of a media type.
    public static func text(_ text: String, type: String = "text/plain; charset=utf-8", status: Status = .ok) -> Response {
        var headers = Headers()
        headers.add("content-type", type.utf8)
        return Response(status, headers: headers, body: .bytes(Array(text.utf8)))
    }
}

/// A response's content.
public enum ResponseBody: Sendable {
    case empty
    case bytes([UInt8])
    /// A part of a file, sent without being read into memory.
    case file(FileRegion)
    /// Produced by a closure that is called once, after the head; each `write` waits until the peer has taken it.
    case stream(ResponseStream)
    /// None: the connection goes on in the protocol that the head's `Upgrade` names (RFC 9110 §7.8), and ends with it.
    case upgrade(ResponseUpgrade)
}

/// What becomes of a connection that leaves HTTP.
public struct ResponseUpgrade: Sendable {
    /// Called once, after the 101, on the connection's loop; the connection is closed when it returns. Its task is cancelled when
    /// the connection is gone.
    public let serve: @Sendable (UpgradedConnection) async -> Void

    public init(serve: @escaping @Sendable (UpgradedConnection) async -> Void) { self.serve = serve }
}

/// Bytes `offset ..< offset + length` of the file at `path`.
public struct FileRegion: Sendable {
    public let path: String
    public let offset: Int
    public let length: Int

    public init(path: String, offset: Int, length: Int) {
        self.path = path
        self.offset = offset
        self.length = length
    }
}

/// Content that a closure produces.
public struct ResponseStream: Sendable {
    /// The `Content-Length` when known; otherwise the content is chunked.
    public let length: Int?
    /// Ends the producer (by cancelling its task) as soon as the client has shut its side: for streams without an end of their
    /// own.
    public let isEndless: Bool
    public let produce: @Sendable (any BodyWriter) async throws -> Void

    public init(length: Int? = nil, isEndless: Bool = false, produce: @escaping @Sendable (any BodyWriter) async throws -> Void) {
        self.length = length
        self.isEndless = isEndless
        self.produce = produce
    }
}

/// Where a streamed response's content goes.
public protocol BodyWriter: Sendable {
    /// Sends `bytes`, and returns once the peer's connection has room for more.
    /// - Throws: when the connection is gone; `CancellationError` when the task is cancelled and would have to wait. What there
    ///   is room for is sent even then, so that a stream that is told to end can send its last event.
    func write(_ bytes: [UInt8]) async throws
}

/// Whatever answers requests: a router, a proxy, a service in this process.
public protocol Responder: Sendable {
    /// Answers `request`. Never throws: an error is an answer too.
    func respond(to request: Request) async -> Response
}
