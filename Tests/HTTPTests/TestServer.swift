import Loops
import Synchronization

@testable import HTTP

/// What closures on several threads share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<Result>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
    var current: Value { value.withLock { $0 } }
}

/// Something that happens once, and is waited for.
final class Signal: Sendable {
    private let state = Mutex<(hasFired: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func fire() {
        let waiters = state.withLock { state in
            state.hasFired = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { waiter in
            let hasFired = state.withLock { state in
                if !state.hasFired { state.waiters.append(waiter) }
                return state.hasFired
            }
            if hasFired { waiter.resume() }
        }
    }
}

/// Waits until the task is cancelled.
/// - Throws: `CancellationError`, then.
func untilCancelled() async throws {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    for await _ in stream {}
    continuation.finish()
    throw CancellationError()
}

struct Handler: Responder {
    let answer: @Sendable (Request) async -> Response
    func respond(to request: Request) async -> Response { await answer(request) }
}

/// A server on port 0, and the loop that its clients run on.
struct TestServer: Sendable {
    let server: HTTPServer
    let address: ListenAddress
    let group: EventLoopGroup

    /// The answer to one request on a connection of its own.
    func exchange(_ text: String, answering method: HTTP.Method = .get) async throws -> Answer {
        let client = try await client()
        defer { client.close() }
        try await client.send(text)
        return try await client.answer(to: method)
    }
}

/// Runs `body` on a loop, against a server on two loops that `answer` answers for.
func withServer(
    on address: ListenAddress = .tcp(host: "127.0.0.1", port: 0), limits: HTTPLimits = HTTPLimits(), tls: TLSServer? = nil,
    _ answer: @escaping @Sendable (Request) async -> Response, _ body: @escaping @Sendable (TestServer) async throws -> Void
) async throws {
    let group = try EventLoopGroup(count: 2)
    let server = HTTPServer(group: group, responder: Handler(answer: answer), limits: limits)
    let forAll = try TestTLS.serverForAll()
    let bound = try server.listen(on: address, tls: tls ?? forAll)
    let test = TestServer(server: server, address: bound, group: group)
    let result = await group.loops[1].task { try await body(test) }.result
    await group.loops[0].task { await server.shutdown(within: .seconds(5)) }.value
    group.shutdown()
    try result.get()
}

/// A response as the client has read it.
struct Answer: Sendable {
    var status: Status
    var headers: Headers
    var content: [UInt8]
    var keepsAlive: Bool
    var text: String { String(decoding: content, as: UTF8.self) }
}

enum ClientError: Error { case ended }

/// A client that sends what it is told, byte by byte if need be. Confined to its loop.
final class TestClient: @unchecked Sendable {  // Confined to its loop's thread.
    let channel: Channel
    private(set) var received: [UInt8] = []

    init(channel: Channel) { self.channel = channel }

    func close() { channel.close() }

    func send(_ text: String) async throws { try await channel.writeAll(Array(text.utf8), .seconds(20)) }

    /// Bytes until `text` has come, that included.
    func read(until text: String) async throws -> String {
        let wanted = Array(text.utf8)
        while true {
            if let range = received.firstRange(of: wanted) {
                let taken = received[..<range.upperBound]
                received.removeFirst(taken.count)
                return String(decoding: taken, as: UTF8.self)
            }
            try await readMore()
        }
    }

    /// Everything up to the end of the connection.
    func readToEnd() async throws -> String {
        while true {
            do {
                try await readMore()
            } catch ClientError.ended {
                defer { received = [] }
                return String(decoding: received, as: UTF8.self)
            }
        }
    }

    /// The next response; 1xx ones are given like any other.
    func answer(to method: HTTP.Method = .get) async throws -> Answer {
        var parser = ResponseParser(answering: method)
        var head: ResponseHead?
        while head == nil {
            let bytes = received
            head = try parser.parse(bytes.span.bytes)
            if head == nil { try await readMore() }
        }
        guard let head else { throw ClientError.ended }
        received.removeFirst(head.byteCount)
        return Answer(
            status: head.status, headers: head.headers, content: try await content(head.framing), keepsAlive: head.keepsAlive)
    }

    private func content(_ framing: Framing) async throws -> [UInt8] {
        switch framing {
        case .none: return []
        case .untilClose: return Array(try await readToEnd().utf8)
        case .length(let length):
            while received.count < length { try await readMore() }
            defer { received.removeFirst(length) }
            return Array(received.prefix(length))
        case .chunked:
            var decoder = ChunkedDecoder()
            var content: [UInt8] = []
            while true {
                let bytes = received
                var cursor = 0
                while case .data(let range) = try decoder.next(in: bytes.span.bytes, from: &cursor) { content += bytes[range] }
                received.removeFirst(cursor)
                if decoder.isAtEnd { return content }
                try await readMore()
            }
        }
    }

    private func readMore() async throws {
        let piece = try await channel.readSome(upTo: 64 * 1024, .seconds(20))
        if piece.isEmpty { throw ClientError.ended }
        received += piece
    }
}

/// `body`'s pieces, counted; or the error it ended with.
func length(of body: Body) async -> String {
    var body = body
    var count = 0
    do {
        while let piece = try await body.next() { count += piece.count }
    } catch {
        return "failed after \(count): \(error)"
    }
    return "\(count)"
}
