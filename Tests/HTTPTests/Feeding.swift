@testable import HTTP

/// What a reader of a connection makes of the bytes it is given: the messages, or the status of the error that ends it.
struct Reading: Equatable {
    struct Message: Equatable {
        var method: Method
        var target: String
        var fields: [String]
        var content: [UInt8]
        var keepsAlive: Bool
    }

    var messages: [Message] = []
    var error: Status?
    /// Bytes that are no whole message yet.
    var rest = 0
}

/// Parses requests and their contents from bytes that arrive in pieces, as a connection does.
struct Feeder {
    private var parser: RequestParser
    private let limits: HTTPLimits
    private var pending: [UInt8] = []
    private var head: RequestHead?
    private var decoder: ChunkedDecoder?
    private var content: [UInt8] = []
    private(set) var reading = Reading()

    init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
        parser = RequestParser(limits: limits)
    }

    static func read(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()) -> Reading {
        var feeder = Feeder(limits: limits)
        for piece in pieces where feeder.reading.error == nil { feeder.feed(piece) }
        if feeder.reading.error == nil { feeder.reading.rest = feeder.pending.count + feeder.content.count }
        return feeder.reading
    }

    mutating func feed(_ piece: ArraySlice<UInt8>) {
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
                method: head.method, target: String(decoding: head.target, as: UTF8.self), fields: fields, content: content,
                keepsAlive: head.keepsAlive))
        content = []
        self.head = nil
        return true
    }
}
