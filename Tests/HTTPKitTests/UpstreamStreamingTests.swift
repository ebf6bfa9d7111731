import HTTP
import Loops
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct UpstreamStreamingTests {
    private let group: EventLoopGroup

    init() throws { group = try EventLoopGroup(count: 1) }

    private func onLoop<Value: Sendable>(_ operation: sending @escaping () async throws -> Value) async throws -> Value {
        try await group.loops[0].task(operation).value
    }

    /// A body of `count` pieces, and how many of them were asked for.
    private func body(_ count: Int, length: Int?, of piece: [UInt8]) -> (Body, pulls: Counter) {
        let counter = Counter()
        let stream = BodyStream(length: length) {
            await EventLoop.yield()
            try Task.checkCancellation()
            return counter.next() <= count ? piece : nil
        }
        return (.stream(stream), counter)
    }

    final class Counter: Sendable {
        private let value = Atomic<Int>(0)
        func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
        var count: Int { value.load(ordering: .relaxed) }
    }

    /// A real server that gives back what it gets, and a real one before it.
    private func chain() async throws -> (front: Upstream, servers: [HTTPServer]) {
        let echo = HTTPServer(
            group: group,
            responder: Answering { request in
                let stream = ResponseStream(length: request.body.length) { writer in
                    var body = request.body
                    while let piece = try await body.next() { try await writer.write(piece) }
                }
                return Response(.ok, body: .stream(stream))
            })
        let back = try echo.listen(on: .unix(path: try temporarySocketPath()))
        let upstream = Upstream.socket(back)
        let proxy = HTTPServer(
            group: group,
            responder: Answering { request in
                do {
                    return try await upstream.send(request)
                } catch {
                    return .text("\(error)", status: .badGateway)
                }
            })
        let front = try proxy.listen(on: .tcp(host: "127.0.0.1", port: 0))
        return (Upstream.socket(front), [proxy, echo])
    }

    @Test func contentOfAnySizePassesBothWaysThroughAProxy() async throws {
        let (front, servers) = try await chain()
        for size in [0, 1, 4096, 100_000, 3_000_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            for isCounted in [true, false] {
                try await onLoop {
                    let stream = BodyStream.pieces(of: bytes, each: 70_001, length: isCounted ? size : nil)
                    let response = try await front.send(Request(.post, "/echo", body: .stream(stream)))
                    let echoed = try await response.collected()
                    #expect(response.status == .ok)
                    #expect(echoed == bytes, "\(size)")
                }
            }
            try await onLoop {
                let response = try await front.send(Request(.put, "/echo", body: .bytes(bytes)))
                let got = try await response.collected()
                #expect(got == bytes)
            }
        }
        for server in servers { await server.shutdown(within: .seconds(1)) }
    }

    @Test func manyRequestsAtOnceEachGetTheirOwnAnswer() async throws {
        let (front, servers) = try await chain()
        try await onLoop {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<64 {
                    tasks.addTask {
                        for round in 0..<20 {
                            let body = Array("\(number).\(round)".utf8)
                            let got = try await front.send(Request(.post, "/", body: .bytes(body))).collected()
                            #expect(got == body)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
        }
        for server in servers { await server.shutdown(within: .seconds(1)) }
    }

    @Test func anEarlyResponseEndsTheSendingOfTheBody() async throws {
        let server = try await ScriptedServer(group) { peer, _ in
            _ = try await peer.head()
            try await peer.say("HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\n\r\n")
            for _ in 0..<8 { await EventLoop.yield() }
            try await peer.say("full")
            while try await !peer.bytes(1).isEmpty {}
        }
        let upstream = Upstream.unix(server.path)
        let (body, pulls) = body(.max, length: nil, of: [1, 2, 3])
        try await onLoop {
            let response = try await upstream.send(Request(.post, "/", body: body))
            let pulled = pulls.count
            #expect(response.status == .contentTooLarge)
            let got = try await response.collected()
            #expect(got == Array("full".utf8))
            #expect(pulls.count == pulled)
        }
    }

    @Test func aBodyThatFailsIsTheErrorThatIsSeen() async throws {
        let server = try await ScriptedServer(group) { peer, _ in while try await peer.head() != nil {} }
        let upstream = Upstream.unix(server.path)
        try await onLoop {
            let failing = BodyStream(length: nil) { throw HTTPError.contentTooLarge(limit: 7) }
            await #expect(throws: HTTPError.contentTooLarge(limit: 7)) {
                _ = try await upstream.send(Request(.post, "/", body: .stream(failing)))
            }
            let short = BodyStream.pieces(of: [1, 2], each: 1, length: 3)
            await #expect(throws: HTTPError.self) { _ = try await upstream.send(Request(.post, "/", body: .stream(short))) }
        }
    }

    @Test func eventsAreRelayedAsTheyComeAndWithoutEnd() async throws {
        let (steps, step) = AsyncStream.makeStream(of: Void.self)
        let server = try await ScriptedServer(group) { peer, _ in
            _ = try await peer.head()
            try await peer.say(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n")
            var number = 0
            for await _ in steps {
                number += 1
                try await peer.say("9\r\ndata: \(number)\n\n\r\n")
            }
            try await peer.say("0\r\n\r\n")
        }
        let upstream = Upstream.unix(server.path)
        try await onLoop {
            let response = try await upstream.send(Request(.get, "/"))
            guard case .stream(let stream) = response.body else {
                Issue.record("not a stream")
                return
            }
            #expect(stream.isEndless)
            step.yield()
            // Each event that arrives lets the next one be said.
            let relay = Relay { count in if count < 5 { step.yield() } else { step.finish() } }
            try await stream.produce(relay)
            #expect(relay.text == "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\ndata: 5\n\n")
        }
    }

    final class Relay: BodyWriter {
        private let pieces = Mutex<[[UInt8]]>([])
        private let onPiece: @Sendable (Int) -> Void

        init(onPiece: @escaping @Sendable (Int) -> Void) { self.onPiece = onPiece }

        func write(_ bytes: [UInt8]) async throws {
            onPiece(
                pieces.withLock { pieces in
                    pieces.append(bytes)
                    return pieces.count
                })
        }

        var text: String { String(decoding: pieces.withLock { $0.flatMap { $0 } }, as: UTF8.self) }
    }

    @Test func cancellingClosesTheConnection() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Int.self)
        let (starts, start) = AsyncStream.makeStream(of: Void.self)
        let server = try await ScriptedServer(group) { peer, number in
            _ = try await peer.head()
            if number == 2 { try await peer.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n") }
            start.yield()
            if try await peer.head() == nil { end.yield(number) }
        }
        let upstream = Upstream.unix(server.path)
        let waiting = group.loops[0].task { _ = try await upstream.send(Request(.get, "/")) }
        var started = starts.makeAsyncIterator()
        var ended = ends.makeAsyncIterator()
        await started.next()
        waiting.cancel()
        #expect(await ended.next() == 1)
        await #expect(throws: CancellationError.self) { try await waiting.value }
        let reading = group.loops[0].task { _ = try await upstream.send(Request(.get, "/")).collected() }
        await started.next()
        reading.cancel()
        #expect(await ended.next() == 2)
    }

    @Test func aResponseThatNobodyReadsClosesItsConnection() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let server = try await ScriptedServer(group) { peer, _ in
            _ = try await peer.head()
            try await peer.say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")
            if try await peer.head() == nil { end.yield() }
        }
        let upstream = Upstream.unix(server.path)
        try await onLoop {
            let got = try await upstream.send(Request(.get, "/"))
            #expect(got.isStreamed)
        }
        var ended = ends.makeAsyncIterator()
        await ended.next()
    }

    @Test func closingAnUpstreamClosesWhatIsNotInUse() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let server = try await ScriptedServer(group) { peer, _ in
            while try await peer.head() != nil { try await peer.say("HTTP/1.1 204 No Content\r\n\r\n") }
            end.yield()
        }
        let upstream = Upstream.unix(server.path)
        try await onLoop { _ = try await upstream.send(Request(.get, "/")) }
        upstream.close()
        var ended = ends.makeAsyncIterator()
        await ended.next()
    }

    @Test func unusedConnectionsAreClosedAfterAWhile() async throws {
        var limits = UpstreamLimits()
        limits.idleTimeout = .milliseconds(40)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let server = try await ScriptedServer(group) { peer, _ in
            while try await peer.head() != nil { try await peer.say("HTTP/1.1 204 No Content\r\n\r\n") }
            end.yield()
        }
        let upstream = Upstream.unix(server.path, limits: limits)
        try await onLoop { _ = try await upstream.send(Request(.get, "/")) }
        var ended = ends.makeAsyncIterator()
        await ended.next()
    }

    @Test func aHostThatDoesNotExistIsUnavailable() async throws {
        let upstream = Upstream.tcp("nothing.invalid", 80)
        try await onLoop {
            let error = await #expect(throws: UpstreamError.self) { _ = try await upstream.send(Request(.get, "/")) }
            #expect(error?.status == .unavailable)
        }
    }

    @Test func aResponderInThisProcessIsAskedDirectly() async throws {
        let upstream = Upstream.inProcess(Answering { .text("\($0.peer)") })
        let response = try await upstream.send(Request(.get, "/"))
        let got = try await response.collected()
        #expect(got == Array("inProcess".utf8))
    }
}

extension BodyStream {
    /// `bytes` in pieces.
    static func pieces(of bytes: [UInt8], each size: Int, length: Int?) -> BodyStream {
        let position = Atomic<Int>(0)
        let holder = Holder(position)
        return BodyStream(length: length) {
            let start = holder.position.wrappingAdd(size, ordering: .relaxed).oldValue
            return start < bytes.count ? Array(bytes[start..<min(start + size, bytes.count)]) : nil
        }
    }

    private final class Holder: Sendable {
        let position: Atomic<Int>
        init(_ position: consuming Atomic<Int>) { self.position = position }
    }
}
