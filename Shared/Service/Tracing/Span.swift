import HTTP

/// Something that was done in a trace, once it is over: what OTLP calls a span.
public struct Span: Sendable {
    /// By OTLP's numbers.
    public enum Kind: Int, Sendable {
        case `internal` = 1
        case server = 2
        case client = 3
        case consumer = 5
    }

    /// A fact about it, by the names of OpenTelemetry's semantic conventions where they have one.
    public struct Attribute: Sendable {
        public enum Value: Sendable {
            case text(String)
            case integer(Int)
        }

        let key: String
        let value: Value

        public static func text(_ key: String, _ value: String) -> Attribute { Attribute(key: key, value: .text(value)) }
        public static func integer(_ key: String, _ value: Int) -> Attribute { Attribute(key: key, value: .integer(value)) }
    }

    /// The part of the suite that did it: `gateway`, `agents`.
    public var service: String
    public var name: String
    public var kind: Kind
    public var context: TraceContext
    /// The span that it belongs to; 0 for none.
    public var parent: UInt64
    /// Nanoseconds since 1970.
    public var startNanoseconds: UInt64
    public var endNanoseconds: UInt64
    public var attributes: [Attribute]
    public var hasFailed: Bool

    public init(
        service: String, name: String, kind: Kind, context: TraceContext, parent: UInt64, startNanoseconds: UInt64,
        endNanoseconds: UInt64, attributes: [Attribute], hasFailed: Bool
    ) {
        self.service = service
        self.name = name
        self.kind = kind
        self.context = context
        self.parent = parent
        self.startNanoseconds = startNanoseconds
        self.endNanoseconds = endNanoseconds
        self.attributes = attributes
        self.hasFailed = hasFailed
    }
}
