/// A request's head, parsed.
public struct RequestHead: Sendable {
    public var method: Method
    /// The method's token when `method` is `.other`.
    public var otherMethod: String?
    /// In origin-form, or `*`.
    public var target: [UInt8]
    /// 0 for HTTP/1.0, 1 for HTTP/1.1 and later.
    public var minorVersion: Int
    public var headers: Headers
    /// Never `.untilClose`.
    public var framing: Framing
    /// The client keeps the connection open for more.
    public var keepsAlive: Bool
    /// The client waits for 100 before it sends its content.
    public var expectsContinue: Bool
    /// How many bytes the head took; the content follows.
    public var byteCount: Int
}

/// Parses request heads (RFC 9112 §2–§6) from bytes as they come. Does no I/O.
///
/// Give it all bytes since the head's first one, again and more of them, until it gives a head; then drop `byteCount` bytes and
/// start over with the same parser. After an error the connection's framing is lost: answer it and close.
public struct RequestParser: Sendable {
    private let limits: HTTPLimits
    private var scanner = LineScanner()
    private var line: RequestLine?
    private var section: FieldSection?
    private var skippedLines = 0

    public init(limits: HTTPLimits = HTTPLimits()) { self.limits = limits }

    /// Part of a head has been seen.
    public var isUnderWay: Bool { scanner.lineStart > 0 || line != nil }

    /// - Returns: nil when more bytes are needed.
    /// - Throws: `HTTPError` (400, 414, 417, 431, 501, 505), which always closes. The same bytes give the same error, however
    ///   they are cut.
    public mutating func parse(_ bytes: RawSpan) throws(HTTPError) -> RequestHead? {
        while let range = try scanner.next(in: bytes, upTo: limitOfLine) {
            if line == nil {
                try start(range, bytes)
            } else if range.isEmpty {
                return try finish(bytes)
            } else {
                try section?.add(range, of: bytes)
            }
        }
        try checkUnfinished(bytes)
        return nil
    }

    /// Where the line that is being read ends at the latest.
    private var limitOfLine: Int {
        guard line == nil else { return limits.headBytesMax }
        return min(limits.headBytesMax, scanner.lineStart + limits.targetBytesMax + RequestLine.overheadBytesMax)
    }

    private mutating func start(_ range: Range<Int>, _ bytes: RawSpan) throws(HTTPError) {
        if range.isEmpty {
            // RFC 9112 §2.2: some clients send a CR LF too many after a body; one is let pass.
            skippedLines += 1
            guard skippedLines == 1 else { throw HTTPError(.badRequest, "head: empty lines", closes: true) }
            return
        }
        line = try RequestLine(range, bytes, targetBytesMax: limits.targetBytesMax)
        section = FieldSection(start: scanner.lineStart, fieldsMax: limits.fieldsMax)
    }

    private mutating func finish(_ bytes: RawSpan) throws(HTTPError) -> RequestHead {
        guard let line, let section else { preconditionFailure("a head ends after it has started") }
        let end = scanner.lineStart
        try checkHost(line, section, bytes)
        let head = RequestHead(
            method: line.method, otherMethod: line.otherMethod, target: line.originForm(bytes), minorVersion: line.minorVersion,
            headers: section.headers(of: bytes, upTo: end),
            framing: try section.framing(minorVersion: line.minorVersion) ?? .none,
            keepsAlive: section.isPersistent(minorVersion: line.minorVersion),
            expectsContinue: section.expectsContinue && line.minorVersion >= 1, byteCount: end)
        self = RequestParser(limits: limits)
        return head
    }

    /// RFC 9112 §3.2: exactly one Host in HTTP/1.1, and never two; that of an absolute target must agree with it.
    private func checkHost(_ line: RequestLine, _ section: FieldSection, _ bytes: RawSpan) throws(HTTPError) {
        if section.hostCount > 1 { throw HTTPError(.badRequest, "host: more than one", closes: true) }
        if section.hostCount == 0 {
            if line.minorVersion >= 1 { throw HTTPError(.badRequest, "host: required", closes: true) }
            return
        }
        guard Authority.isValid(section.host, bytes) else { throw HTTPError(.badRequest, "host: not a host", closes: true) }
        guard let authority = line.authority else { return }
        let agrees =
            authority.count == section.host.count
            && zip(authority, section.host).allSatisfy { Headers.lower(bytes[$0]) == Headers.lower(bytes[$1]) }
        if !agrees { throw HTTPError(.badRequest, "host: not that of the target", closes: true) }
    }

    /// What can be known to be wrong of a line that is not complete.
    private func checkUnfinished(_ bytes: RawSpan) throws(HTTPError) {
        guard bytes.byteCount > scanner.lineStart else { return }
        if line == nil {
            let first = bytes[scanner.lineStart]
            guard Characters.isToken(first) || first == Characters.carriageReturn else {
                throw HTTPError(.badRequest, "request line: not HTTP", closes: true)
            }
        }
        guard bytes.byteCount >= limitOfLine else { return }
        // What it begins with is wrong in itself, or too long.
        if line == nil { _ = try RequestLine(scanner.lineStart..<limitOfLine, bytes, targetBytesMax: limits.targetBytesMax) }
        throw tooLarge()
    }

    private func tooLarge() -> HTTPError {
        HTTPError(.headTooLarge, "head: larger than \(limits.headBytesMax) bytes", closes: true)
    }
}
