import HTTP

/// Where a request stands in a trace, as `traceparent` says it: W3C Trace Context (https://www.w3.org/TR/trace-context-1/).
///
/// Three machine words: it is copied about, and costs no allocation.
public struct TraceContext: Sendable, Hashable {
    /// The trace's id, 16 bytes, never all zero.
    public let traceHigh: UInt64
    public let traceLow: UInt64
    /// The span's id, 8 bytes, never all zero.
    public var spanID: UInt64
    /// Somebody records the trace, and expects others to.
    public var isSampled: Bool

    public init(traceHigh: UInt64, traceLow: UInt64, spanID: UInt64, isSampled: Bool) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// The span that whatever is being done now belongs to: of the request that is answered, of the event that is applied.
    @TaskLocal public static var current: TraceContext?

    public static let header: StaticString = "traceparent"
    public static let stateHeader: StaticString = "tracestate"
    /// `00-` trace `-` span `-` flags.
    public static let length = 55
    /// What a `tracestate` that is passed on may have at most (§3.3.1.5 asks for 512 at least).
    public static let stateBytesMax = 512

    /// Reads a `traceparent`: lower-case hexadecimal, no all-zero id, no version `ff`; of a version that is not known yet, what
    /// version 00 knows (§3.2.4). Nil for anything else: a new trace begins.
    public init?(_ value: ArraySlice<UInt8>) {
        guard value.count >= TraceContext.length else { return nil }
        let start = value.startIndex
        let dash = UInt8(ascii: "-")
        guard value[start + 2] == dash, value[start + 35] == dash, value[start + 52] == dash,
            let version = TraceContext.number(value[start..<start + 2]), version != 0xff,
            let high = TraceContext.number(value[start + 3..<start + 19]),
            let low = TraceContext.number(value[start + 19..<start + 35]),
            let span = TraceContext.number(value[start + 36..<start + 52]),
            let flags = TraceContext.number(value[start + 53..<start + 55]), high | low != 0, span != 0
        else { return nil }
        if value.count > TraceContext.length {
            guard version > 0, value[start + TraceContext.length] == dash else { return nil }
        }
        self.init(traceHigh: high, traceLow: low, spanID: span, isSampled: flags & 1 == 1)
    }

    /// What a request says of its trace; nil when it says nothing, more than one thing, or nothing valid.
    public init?(of headers: Headers) {
        guard let value = headers.value(TraceContext.header), headers.count(TraceContext.header) == 1 else { return nil }
        self.init(value)
    }

    public init?(_ text: String) { self.init(Array(text.utf8)[...]) }

    /// The same trace, another span of it.
    public func with(span: UInt64) -> TraceContext {
        TraceContext(traceHigh: traceHigh, traceLow: traceLow, spanID: span, isSampled: isSampled)
    }

    /// Appends the value of a `traceparent`, version 00.
    public func append(to output: inout [UInt8]) {
        output.append(contentsOf: [48, 48, 45])
        appendTraceID(to: &output)
        output.append(45)
        TraceContext.appendHexadecimal(spanID, to: &output)
        output.append(contentsOf: [45, 48, isSampled ? 49 : 48])
    }

    /// Appends the 32 digits of the trace's id.
    public func appendTraceID(to output: inout [UInt8]) {
        TraceContext.appendHexadecimal(traceHigh, to: &output)
        TraceContext.appendHexadecimal(traceLow, to: &output)
    }

    /// The value of a `traceparent`.
    public var traceparent: String { String(decoding: made { append(to: &$0) }, as: UTF8.self) }
    public var traceID: String { String(decoding: made { appendTraceID(to: &$0) }, as: UTF8.self) }

    private func made(_ write: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(TraceContext.length)
        write(&bytes)
        return bytes
    }

    /// Sixteen digits.
    static func hexadecimal(_ number: UInt64) -> String {
        var digits: [UInt8] = []
        appendHexadecimal(number, to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    static func appendHexadecimal(_ number: UInt64, to output: inout [UInt8]) {
        var shift = 60
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            output.append(digit < 10 ? digit + 48 : digit + 87)
            shift -= 4
        }
    }

    /// A number of lower-case hexadecimal digits; at most 16 of them.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            default: return nil
            }
        }
        return value
    }
}
