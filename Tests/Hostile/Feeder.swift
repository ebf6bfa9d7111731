import HTTP

/// What a reader of a connection makes of the bytes it is given: the messages, or the status of the error that ends it.
public struct Reading: Sendable, Equatable {
    public struct Message: Sendable, Equatable {
        public var method: Method
        /// The method as it stands on the wire.
        public var token: String
        public var target: String
        public var fields: [String]
        public var content: [UInt8]
        public var keepsAlive: Bool
    }

    public var messages: [Message] = []
    public var error: Status?
    /// Bytes that are no whole message yet.
    public var rest = 0
}

/// Parses requests and their contents from bytes that arrive in pieces, as a connection does.
public struct Feeder {
    private var parser: RequestParser
    private let limits: HTTPLimits
    private var pending: [UInt8] = []
    private var head: RequestHead?
    private var decoder: ChunkedDecoder?
    private var content: [UInt8] = []
    public private(set) var reading = Reading()

    public init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
        parser = RequestParser(limits: limits)
    }

    public static func read(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()) -> Reading {
        var feeder = Feeder(limits: limits)
        for piece in pieces where feeder.reading.error == nil { feeder.feed(piece) }
        if feeder.reading.error == nil { feeder.reading.rest = feeder.pending.count + feeder.content.count }
        return feeder.reading
    }

    public mutating func feed(_ piece: ArraySlice<UInt8>) {
        pending += piece
        do throws(HTTPError) {
            while try step() {}
        } catch {
            reading.error = error.status
        }
    }

    private mutating func step() throws(HTTPError) -> Bool {
        let bytes = pending
        guard let head else {
            if pending.isEmpty { return false }
            guard let head = try parser.parse(bytes.span.bytes) else { return false }
            pending.removeFirst(head.byteCount)
            self.head = head
            content = []
            decoder = head.framing == .chunked ? ChunkedDecoder(limits: limits) : nil
            return true
        }
        if var decoder {
            var cursor = 0
            var step = ChunkedDecoder.Step.needsMore
            repeat {
                step = try decoder.next(in: bytes.span.bytes, from: &cursor)
                if case .data(let range) = step { content += pending[range] }
            } while step != .needsMore && step != .end
            pending.removeFirst(cursor)
            self.decoder = decoder
            guard step == .end else { return false }
        } else if case .length(let length) = head.framing {
            guard pending.count >= length else { return false }
            content = Array(pending.prefix(length))
            pending.removeFirst(length)
        }
        let fields = head.headers.fields.map { field in
            String(decoding: head.headers.bytes[field.name], as: UTF8.self) + "="
                + String(decoding: head.headers.bytes[field.value], as: UTF8.self)
        }
        reading.messages.append(
            Reading.Message(
                method: head.method, token: head.otherMethod ?? "\(head.method.name)",
                target: String(decoding: head.target, as: UTF8.self), fields: fields, content: content,
                keepsAlive: head.keepsAlive))
        content = []
        self.head = nil
        return true
    }
}

extension HTTPLimits {
    /// Small limits, so that the corpus stays small.
    public static let hostile: HTTPLimits = {
        var limits = HTTPLimits()
        limits.targetBytesMax = 512
        limits.headBytesMax = 2_048
        limits.fieldsMax = 20
        limits.chunkExtensionBytesMax = 256
        limits.trailerBytesMax = 256
        return limits
    }()
}
