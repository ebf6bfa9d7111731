/// `method SP request-target SP HTTP-version` (RFC 9112 §3), with ranges into the head's bytes.
struct RequestLine: Sendable {
    /// A method's token is not longer; the standard's longest has 17.
    static let methodBytesMax = 32
    /// What a request line holds beside its target.
    static let overheadBytesMax = methodBytesMax + " ".utf8.count + " HTTP/1.1\r\n".utf8.count

    let method: Method
    let otherMethod: String?
    let minorVersion: Int
    /// The host and port of an absolute-form target.
    let authority: Range<Int>?
    private let target: Range<Int>
    /// An absolute-form target without a path, or one that starts with its query, gets its `/` here.
    private let lacksSlash: Bool
    /// An absolute-form `OPTIONS` without path and query means the server (RFC 9112 §3.2.4).
    private let isForServer: Bool

    /// - Throws: 400, 414, 501, 505.
    init(_ line: Range<Int>, _ bytes: RawSpan, targetBytesMax: Int) throws(HTTPError) {
        var end = line.lowerBound
        while end < line.upperBound, Characters.isToken(bytes[end]) { end += 1 }
        let token = line.lowerBound..<end
        guard token.count <= RequestLine.methodBytesMax else {
            throw HTTPError(.notImplemented, "request line: an unknown method", closes: true)
        }
        guard !token.isEmpty, end < line.upperBound, bytes[end] == Characters.space else {
            throw RequestLine.malformed("no method")
        }
        let start = end + 1
        end = start
        while end < line.upperBound, Characters.isTarget(bytes[end]) { end += 1 }
        guard end - start <= targetBytesMax else {
            throw HTTPError(.uriTooLong, "target: longer than \(targetBytesMax) bytes", closes: true)
        }
        guard end > start, end < line.upperBound, bytes[end] == Characters.space else {
            throw RequestLine.malformed("no target, or a character that must be encoded")
        }
        minorVersion = try RequestLine.version((end + 1)..<line.upperBound, bytes)
        (method, otherMethod) = RequestLine.method(token, bytes)
        // The client takes what follows for a tunnel, whatever it is told (RFC 9110 §9.3.6).
        if method == .connect { throw HTTPError(.notImplemented, "request line: there are no tunnels here", closes: true) }
        (authority, target, lacksSlash) = try RequestLine.split(start..<end, bytes, method)
        isForServer = authority != nil && target.isEmpty && method == .options
    }

    /// Path and query, or `*`.
    func originForm(_ bytes: RawSpan) -> [UInt8] {
        if isForServer { return [UInt8(ascii: "*")] }
        return lacksSlash ? [UInt8(ascii: "/")] + bytes.array(target) : bytes.array(target)
    }

    private static func version(_ range: Range<Int>, _ bytes: RawSpan) throws(HTTPError) -> Int {
        let start = range.lowerBound
        guard range.count == 8, bytes.array(start..<start + 5) == Array("HTTP/".utf8), Characters.isDigit(bytes[start + 5]),
            bytes[start + 6] == UInt8(ascii: "."), Characters.isDigit(bytes[start + 7])
        else { throw malformed("no HTTP version") }
        guard bytes[start + 5] == UInt8(ascii: "1") else {
            throw HTTPError(.versionNotSupported, "request line: only HTTP/1.1 and HTTP/1.0 are spoken", closes: true)
        }
        return bytes[start + 7] == UInt8(ascii: "0") ? 0 : 1
    }

    private static func method(_ token: Range<Int>, _ bytes: RawSpan) -> (Method, String?) {
        let known: Method? =
            switch (token.count, bytes[token.lowerBound]) {
            case (3, UInt8(ascii: "G")): .get
            case (3, UInt8(ascii: "P")): .put
            case (4, UInt8(ascii: "P")): .post
            case (4, UInt8(ascii: "H")): .head
            case (5, UInt8(ascii: "P")): .patch
            case (5, UInt8(ascii: "T")): .trace
            case (6, UInt8(ascii: "D")): .delete
            case (7, UInt8(ascii: "O")): .options
            case (7, UInt8(ascii: "C")): .connect
            default: nil
            }
        // Methods are case-sensitive (RFC 9110 §9.1).
        if let known, token.indices.allSatisfy({ bytes[$0] == known.name.utf8Start[$0 - token.lowerBound] }) {
            return (known, nil)
        }
        return (.other, bytes.text(token))
    }

    /// The four forms of a target (RFC 9112 §3.2).
    private static func split(
        _ range: Range<Int>, _ bytes: RawSpan, _ method: Method
    ) throws(HTTPError) -> (Range<Int>?, Range<Int>, Bool) {
        if bytes[range.lowerBound] == UInt8(ascii: "/") { return (nil, range, false) }
        if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "*"), method == .options { return (nil, range, false) }
        let schemeBytes = schemeBytes(range, bytes)
        guard schemeBytes > 0 else { throw malformed("a target that is no path") }
        let start = range.lowerBound + schemeBytes
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        let authority = start..<end
        guard !authority.isEmpty, Authority.isValid(authority, bytes) else {
            throw malformed("a target whose host is none")
        }
        return (authority, end..<range.upperBound, end == range.upperBound || bytes[end] == UInt8(ascii: "?"))
    }

    private static func schemeBytes(_ range: Range<Int>, _ bytes: RawSpan) -> Int {
        for scheme in ["http://", "https://"] as [StaticString] {
            let count = scheme.utf8CodeUnitCount
            if range.count >= count, bytes.equals(range.lowerBound..<range.lowerBound + count, scheme) { return count }
        }
        return 0
    }

    private static func malformed(_ problem: String) -> HTTPError {
        HTTPError(.badRequest, "request line: \(problem)", closes: true)
    }
}
