/// A response's head, parsed.
public struct ResponseHead: Sendable {
    public var status: Status
    public var minorVersion: Int
    public var headers: Headers
    /// Already considers the request's method and the status: `.none` for HEAD, 1xx, 204 and 304 (RFC 9112 §6.3).
    public var framing: Framing
    /// The connection can take another request once the content is read; never with `.untilClose`.
    public var keepsAlive: Bool
    /// How many bytes the head took; the content follows.
    public var byteCount: Int
}

/// Parses response heads from bytes as they come, for whoever is a client: the upstream pool. Does no I/O.
///
/// Use it as `RequestParser`: give it all bytes since the head's first one until it gives a head, drop `byteCount` bytes, and
/// read the content as `framing` says (`ChunkedDecoder` for `.chunked`). A 1xx head is given like any other: parse the next
/// with the same parser. It is as strict about framing as a server is: what it refuses could be read differently by the next
/// reader.
public struct ResponseParser: Sendable {
    private let limits: HTTPLimits
    private let method: Method
    private var scanner = LineScanner()
    private var status: (status: Status, minorVersion: Int)?
    private var section: FieldSection?

    /// - Parameter method: the request's.
    public init(answering method: Method, limits: HTTPLimits = HTTPLimits()) {
        self.method = method
        self.limits = limits
    }

    /// - Returns: nil when more bytes are needed.
    /// - Throws: `HTTPError` 502; the connection is of no more use.
    public mutating func parse(_ bytes: RawSpan) throws(HTTPError) -> ResponseHead? {
        do {
            while let line = try scanner.next(in: bytes, upTo: limits.headBytesMax) {
                if status == nil {
                    status = try ResponseParser.statusLine(line, bytes)
                    section = FieldSection(start: scanner.lineStart, fieldsMax: limits.fieldsMax)
                } else if line.isEmpty {
                    return try finish(bytes)
                } else {
                    try section?.add(line, of: bytes)
                }
            }
        } catch {
            throw HTTPError(.badGateway, "upstream: \(error.message)", closes: true)
        }
        if bytes.byteCount >= limits.headBytesMax {
            throw HTTPError(.badGateway, "upstream: head larger than \(limits.headBytesMax) bytes", closes: true)
        }
        return nil
    }

    private mutating func finish(_ bytes: RawSpan) throws(HTTPError) -> ResponseHead {
        guard let (status, minorVersion) = status, let section else { preconditionFailure("a head ends after it has started") }
        let declared = try section.framing(minorVersion: minorVersion)
        let isBare = method == .head || status.forbidsBody
        let framing = isBare ? .none : declared ?? .untilClose
        let head = ResponseHead(
            status: status, minorVersion: minorVersion, headers: section.headers(of: bytes, upTo: scanner.lineStart),
            framing: framing, keepsAlive: framing != .untilClose && section.isPersistent(minorVersion: minorVersion),
            byteCount: scanner.lineStart)
        self = ResponseParser(answering: method, limits: limits)
        return head
    }

    /// `HTTP/1.x SP 3DIGIT [SP reason]` (RFC 9112 §4); a missing reason with its space is let pass.
    private static func statusLine(_ line: Range<Int>, _ bytes: RawSpan) throws(HTTPError) -> (Status, Int) {
        let start = line.lowerBound
        guard line.count >= 12, bytes.equals(start..<start + 7, "http/1."), Characters.isDigit(bytes[start + 7]),
            bytes[start + 8] == Characters.space, line.count == 12 || bytes[start + 12] == Characters.space
        else { throw HTTPError(.badGateway, "status line: malformed") }
        var code: UInt16 = 0
        for offset in start + 9..<start + 12 {
            guard Characters.isDigit(bytes[offset]) else { throw HTTPError(.badGateway, "status line: no status") }
            code = code * 10 + UInt16(bytes[offset] - 48)
        }
        guard code >= 100 else { throw HTTPError(.badGateway, "status line: no status") }
        return (Status(code), bytes[start + 7] == UInt8(ascii: "0") ? 0 : 1)
    }
}
