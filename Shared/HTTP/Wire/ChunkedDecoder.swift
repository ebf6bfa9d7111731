/// Decodes chunked content (RFC 9112 §7.1) from bytes as they come. Does no I/O.
///
/// Every byte given is taken: what is not complete is remembered as a state, not as bytes.
public struct ChunkedDecoder: Sendable {
    public enum Step: Sendable, Equatable {
        /// Content, as a range of the bytes given.
        case data(Range<Int>)
        /// All bytes are used up.
        case needsMore
        /// The content and its trailer have ended; the bytes from the cursor on belong to the next message.
        case end
    }

    private enum State {
        case size(digits: Int)
        case chunkExtension
        case sizeLineFeed
        case data
        case dataCarriageReturn, dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case lastLineFeed
        case end
    }

    /// More would overflow.
    private static let sizeDigitsMax = 15

    private var state = State.size(digits: 0)
    private var remaining = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private let limits: HTTPLimits

    public init(limits: HTTPLimits = HTTPLimits()) { self.limits = limits }

    public var isAtEnd: Bool { if case .end = state { true } else { false } }

    /// The next step from `cursor` on, which is moved past what it took.
    /// - Throws: `HTTPError` 400 for anything that is not exactly a chunk; always closes.
    public mutating func next(in bytes: RawSpan, from cursor: inout Int) throws(HTTPError) -> Step {
        while cursor < bytes.byteCount {
            switch state {
            case .end: return .end
            case .data:
                let end = min(bytes.byteCount, cursor + remaining)
                let range = cursor..<end
                remaining -= range.count
                cursor = end
                if remaining == 0 { state = .dataCarriageReturn }
                return .data(range)
            default:
                try take(bytes[cursor])
                cursor += 1
            }
        }
        return isAtEnd ? .end : .needsMore
    }

    private mutating func take(_ byte: UInt8) throws(HTTPError) {
        switch state {
        case .size(let digits): try takeSize(byte, digits)
        case .chunkExtension:
            extensionBytes += 1
            guard extensionBytes <= limits.chunkExtensionBytesMax else { throw ChunkedDecoder.malformed("extensions too long") }
            if byte == Characters.carriageReturn {
                state = .sizeLineFeed
            } else if !Characters.isFieldValue(byte) {
                throw ChunkedDecoder.malformed("a control character in an extension")
            }
        case .sizeLineFeed:
            try expect(byte, Characters.lineFeed)
            state = remaining == 0 ? .trailerStart : .data
        case .dataCarriageReturn:
            try expect(byte, Characters.carriageReturn)
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(byte, Characters.lineFeed)
            state = .size(digits: 0)
        case .lastLineFeed:
            try expect(byte, Characters.lineFeed)
            state = .end
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed: try takeTrailer(byte)
        case .data, .end: break
        }
    }

    private mutating func takeSize(_ byte: UInt8, _ digits: Int) throws(HTTPError) {
        if let digit = Characters.hexadecimal(byte) {
            guard digits < ChunkedDecoder.sizeDigitsMax else { throw ChunkedDecoder.malformed("a size too large") }
            remaining = remaining << 4 | digit
            state = .size(digits: digits + 1)
            return
        }
        guard digits > 0 else { throw ChunkedDecoder.malformed("no size") }
        switch byte {
        case Characters.carriageReturn: state = .sizeLineFeed
        case UInt8(ascii: ";"): state = .chunkExtension
        default: throw ChunkedDecoder.malformed("a size that is no number")
        }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(HTTPError) {
        trailerBytes += 1
        guard trailerBytes <= limits.trailerBytesMax else { throw ChunkedDecoder.malformed("a trailer too large") }
        switch state {
        case .trailerLineFeed:
            try expect(byte, Characters.lineFeed)
            state = .trailerStart
        case .trailerStart where byte == Characters.carriageReturn: state = .lastLineFeed
        case .trailerStart:
            guard Characters.isToken(byte) else { throw ChunkedDecoder.malformed("a trailer that is no field") }
            state = .trailerName
        case .trailerName:
            if byte == UInt8(ascii: ":") {
                state = .trailerValue
            } else if !Characters.isToken(byte) {
                throw ChunkedDecoder.malformed("a trailer that is no field")
            }
        default:
            if byte == Characters.carriageReturn {
                state = .trailerLineFeed
            } else if !Characters.isFieldValue(byte) {
                throw ChunkedDecoder.malformed("a control character in a trailer")
            }
        }
    }

    private func expect(_ byte: UInt8, _ wanted: UInt8) throws(HTTPError) {
        guard byte == wanted else { throw ChunkedDecoder.malformed("a chunk that does not end where it says") }
    }

    private static func malformed(_ problem: String) -> HTTPError {
        HTTPError(.badRequest, "chunked body: \(problem)", closes: true)
    }
}
