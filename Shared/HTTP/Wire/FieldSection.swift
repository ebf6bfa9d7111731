/// How a message's content is delimited (RFC 9112 §6).
public enum Framing: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
    /// A response's only: up to the end of the connection.
    case untilClose
}

/// The fields of a head as they are parsed, and what they say about framing and the connection.
struct FieldSection {
    private(set) var fields: [Headers.Field] = []
    /// Where the section starts in the bytes that are parsed; the fields count from here.
    let start: Int
    private(set) var hostCount = 0
    private(set) var host = 0..<0
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var closes = false
    private(set) var keepsAlive = false
    private(set) var expectsContinue = false
    private let fieldsMax: Int

    init(start: Int, fieldsMax: Int) {
        self.start = start
        self.fieldsMax = fieldsMax
        fields.reserveCapacity(12)
    }

    /// Takes one field line (RFC 9112 §5), without its CR LF.
    /// - Throws: `HTTPError`: 400, 417, 431 or 501.
    mutating func add(_ line: Range<Int>, of bytes: RawSpan) throws(HTTPError) {
        guard fields.count < fieldsMax else {
            throw HTTPError(.headTooLarge, "head: more than \(fieldsMax) fields", closes: true)
        }
        var colon = line.lowerBound
        while colon < line.upperBound, Characters.isToken(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            throw FieldSection.malformed(line, bytes, at: colon)
        }
        let value = bytes.trimmed((colon + 1)..<line.upperBound)
        for offset in value where !Characters.isFieldValue(bytes[offset]) {
            throw HTTPError(.badRequest, "head: a field's value has a control character", closes: true)
        }
        let name = line.lowerBound..<colon
        fields.append(
            Headers.Field(
                name: (name.lowerBound - start)..<(name.upperBound - start),
                value: (value.lowerBound - start)..<(value.upperBound - start)))
        try note(name, value, bytes)
    }

    /// Whether the message's sender keeps the connection open after it.
    func isPersistent(minorVersion: Int) -> Bool { !closes && (minorVersion >= 1 || keepsAlive) }

    /// The content's framing as far as the fields say.
    /// - Throws: 400 when they say both, or chunked before HTTP/1.1 (RFC 9112 §6.1).
    func framing(minorVersion: Int) throws(HTTPError) -> Framing? {
        guard isChunked else { return contentLength.map { .length($0) } }
        if contentLength != nil {
            throw HTTPError(.badRequest, "head: both content-length and transfer-encoding", closes: true)
        }
        if minorVersion == 0 { throw HTTPError(.badRequest, "transfer-encoding: not in HTTP/1.0", closes: true) }
        return .chunked
    }

    /// The section's bytes, copied once.
    func headers(of bytes: RawSpan, upTo end: Int) -> Headers { Headers(bytes: bytes.array(start..<end), fields: fields) }

    private mutating func note(_ name: Range<Int>, _ value: Range<Int>, _ bytes: RawSpan) throws(HTTPError) {
        switch name.count {
        case 4 where bytes.equals(name, "host"):
            hostCount += 1
            host = value
        case 6 where bytes.equals(name, "expect"):
            guard bytes.equals(value, "100-continue") else {
                throw HTTPError(417, "expect: only 100-continue is known", closes: true)
            }
            expectsContinue = true
        case 10 where bytes.equals(name, "connection"):
            try noteConnection(value, bytes)
        case 14 where bytes.equals(name, "content-length"):
            guard contentLength == nil else {
                throw HTTPError(.badRequest, "content-length: more than one", closes: true)
            }
            contentLength = try FieldSection.length(value, bytes)
        case 17 where bytes.equals(name, "transfer-encoding"):
            guard !isChunked else { throw HTTPError(.badRequest, "transfer-encoding: more than one", closes: true) }
            guard bytes.equals(value, "chunked") else { throw FieldSection.unknownCoding(value, bytes) }
            isChunked = true
        default: break
        }
    }

    private mutating func noteConnection(_ value: Range<Int>, _ bytes: RawSpan) throws(HTTPError) {
        var start = value.lowerBound
        while start < value.upperBound {
            let end = bytes.first(UInt8(ascii: ","), in: start..<value.upperBound) ?? value.upperBound
            let token = bytes.trimmed(start..<end)
            if bytes.equals(token, "close") {
                closes = true
            } else if bytes.equals(token, "keep-alive") {
                keepsAlive = true
            } else if FieldSection.isForAll(token, bytes) {
                throw HTTPError(.badRequest, "connection: names a field that is not the connection's", closes: true)
            }
            start = end + 1
        }
    }

    /// Fields that every recipient must have: dropped at one hop, they would change what the message means at the next (RFC 9110
    /// §7.6.1).
    private static let fieldsForAll: [StaticString] = [
        "host", "cookie", "origin", "accept", "expect", "referer", "location", "set-cookie", "content-type", "authorization",
        "cache-control", "content-range", "content-length", "content-encoding", "transfer-encoding", "www-authenticate",
    ]

    private static func isForAll(_ token: Range<Int>, _ bytes: RawSpan) -> Bool {
        fieldsForAll.contains { bytes.equals(token, $0) }
    }

    /// Digits only, and few enough for no overflow (RFC 9110 §8.6).
    private static func length(_ value: Range<Int>, _ bytes: RawSpan) throws(HTTPError) -> Int {
        guard (1...18).contains(value.count) else {
            throw HTTPError(.badRequest, "content-length: not a length", closes: true)
        }
        var length = 0
        for offset in value {
            guard Characters.isDigit(bytes[offset]) else {
                throw HTTPError(.badRequest, "content-length: not a length", closes: true)
            }
            length = length * 10 + Int(bytes[offset] - 48)
        }
        return length
    }

    /// 501 for a coding that is not known here, 400 for one that could hide where the content ends (RFC 9112 §6.1).
    private static func unknownCoding(_ value: Range<Int>, _ bytes: RawSpan) -> HTTPError {
        let word = value.prefix { Characters.isToken(bytes[$0]) }
        let isOneWord = !value.isEmpty && word.count == value.count
        return HTTPError(isOneWord ? .notImplemented : .badRequest, "transfer-encoding: only chunked is known", closes: true)
    }

    private static func malformed(_ line: Range<Int>, _ bytes: RawSpan, at colon: Int) -> HTTPError {
        let problem: String
        if colon == line.upperBound {
            problem = "head: a field without a colon"
        } else if colon == line.lowerBound {
            problem = Characters.isBlank(bytes[colon]) ? "head: a folded line" : "head: a field without a name"
        } else {
            problem = Characters.isBlank(bytes[colon]) ? "head: space before a colon" : "head: a field's name is no token"
        }
        return HTTPError(.badRequest, problem, closes: true)
    }
}
