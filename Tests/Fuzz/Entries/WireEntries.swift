import Hostile

@testable import HTTP

/// Parsers of the wire: cut anywhere, the same bytes mean the same; and what is passed on means it again.
enum WireEntries {
    static func request(_ bytes: [UInt8]) throws {
        let whole = Feeder.read([bytes[...]], limits: .hostile)
        let cut = Feeder.read(Cuts.pieces(bytes), limits: .hostile)
        try Finding.unless(whole == cut, "cut it is another request: \(whole) \(cut)")
        var parser = RequestParser(limits: .hostile)
        guard let head = try? parser.parse(bytes.span.bytes), let message = whole.messages.first else { return }  // try?: refused
        try Finding.unless(message.target == "*" || message.target.hasPrefix("/"), "a target that is no path: \(message)")
        var request = Request(method: head.method, target: head.target, headers: head.headers, otherMethod: head.otherMethod)
        request.body = message.content.isEmpty ? .empty : .bytes(message.content)
        request.headers.add("x-added", "z".utf8)
        try Finding.unless(RequestHeadWriter.isSound(request), "a request that cannot be passed on: \(message)")
        var sent: [UInt8] = []
        RequestHeadWriter.write(request, host: Array("upstream".utf8), into: &sent)
        let again = Feeder.read([(sent + message.content)[...]])
        try Finding.unless(again.error == nil && again.rest == 0 && again.messages.count == 1, "smuggled: \(again)")
        let passed = again.messages[0]
        try Finding.unless(
            passed.token == message.token && passed.target == message.target && passed.content == message.content,
            "passed on it is another request: \(message) \(passed)")
        try Finding.unless(passed.fields.contains("x-added=z"), "an added field is lost: \(passed)")
    }

    static func response(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { return }
        let method: Method = first & 1 == 0 ? .get : .head
        let rest = Array(bytes.dropFirst())
        let whole = ResponseReading(rest, pieces: [rest[...]], answering: method)
        let cut = ResponseReading(rest, pieces: Cuts.pieces(rest), answering: method)
        try Finding.unless(whole == cut, "cut it is another response: \(whole) \(cut)")
        guard let head = whole.head, whole.isComplete, !head.status.forbidsBody else { return }
        var headers = head.headers
        HopByHop.strip(&headers)
        var sent: [UInt8] = []
        HeadWriter.write(
            Response(head.status, headers: headers), content: .length(whole.content.count), persistence: .implied,
            date: Array("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".utf8), into: &sent)
        let again = ResponseReading(sent + whole.content, pieces: [(sent + whole.content)[...]], answering: .get)
        try Finding.unless(
            again.isComplete && again.rest == 0 && again.content == whole.content && again.head?.status == head.status,
            "passed on it is another response: \(whole) \(again)")
    }

    static func chunked(_ bytes: [UInt8]) throws {
        let whole = decoded([bytes[...]])
        let cut = decoded(Cuts.pieces(bytes))
        try Finding.unless(whole == cut, "cut they are other chunks: \(whole) \(cut)")
    }

    private static func decoded(_ pieces: [ArraySlice<UInt8>]) -> String {
        var decoder = ChunkedDecoder(limits: .hostile)
        var content: [UInt8] = []
        var taken = 0
        do {
            for piece in pieces {
                let piece = Array(piece)
                var cursor = 0
                while case .data(let range) = try decoder.next(in: piece.span.bytes, from: &cursor) { content += piece[range] }
                taken += cursor
            }
        } catch {
            return "refused: \(error)"
        }
        return "\(content) \(taken) \(decoder.isAtEnd)"
    }
}

/// What a client makes of the bytes of one response.
struct ResponseReading: Equatable, CustomStringConvertible {
    private(set) var head: ResponseHead?
    private(set) var content: [UInt8] = []
    private(set) var isComplete = false
    private(set) var isRefused = false
    private(set) var rest = 0

    init(_ bytes: [UInt8], pieces: [ArraySlice<UInt8>], answering method: Method) {
        do {
            try read(bytes, pieces, method)
        } catch {
            isRefused = true
            content = []
        }
    }

    private mutating func read(_ bytes: [UInt8], _ pieces: [ArraySlice<UInt8>], _ method: Method) throws {
        var parser = ResponseParser(answering: method, limits: .hostile)
        var decoder = ChunkedDecoder(limits: .hostile)
        var pending: [UInt8] = []
        for piece in pieces {
            pending += piece
            let view = pending
            if head == nil {
                head = try parser.parse(view.span.bytes)
                guard let head else { continue }
                pending.removeFirst(head.byteCount)
            }
            take(&pending)
            if !isComplete, case .chunked = head?.framing {
                let view = pending
                var cursor = 0
                while case .data(let range) = try decoder.next(in: view.span.bytes, from: &cursor) { content += view[range] }
                pending.removeFirst(cursor)
                isComplete = decoder.isAtEnd
            }
        }
        rest = pending.count
    }

    private mutating func take(_ pending: inout [UInt8]) {
        switch head?.framing {
        case .length(let length):
            let count = min(pending.count, length - content.count)
            content += pending.prefix(count)
            pending.removeFirst(count)
            isComplete = content.count == length
        case .untilClose:
            content += pending
            pending = []
            isComplete = true
        case .some(.none): isComplete = true
        case .chunked, nil: break
        }
    }

    var description: String {
        let head = head.map { "\($0.status.code) \($0.framing) \($0.keepsAlive)" } ?? "no head"
        return "\(head) \(content) \(isComplete) \(isRefused) \(rest)"
    }

    static func == (left: ResponseReading, right: ResponseReading) -> Bool { left.description == right.description }
}
