import HTTP
import Loops
import Synchronization
import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1)))
struct StreamingTests {
    @Test func theHeadComesBeforeTheContentAndPiecesAsTheyAreSent() async throws {
        try await onLoop { loop in
            let (turns, turn) = AsyncStream.makeStream(of: Void.self)
            let server = try ScriptedServer { _, channel in
                try await channel.write(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n")
                var iterator = turns.makeAsyncIterator()
                for text in ["one", "two"] {
                    await iterator.next()
                    try await channel.write("3\r\n\(text)\r\n")
                }
                try await channel.write("0\r\n\r\n")
            }
            var request = OutboundRequest(.get, server.url)
            request.timeout = nil
            let stream = try await HTTPClient(on: loop).open(request)
            #expect(stream.headers["content-type"] == "text/event-stream")
            turn.yield()
            #expect(try await stream.next() == Array("one".utf8))
            turn.yield()
            #expect(try await stream.next() == Array("two".utf8))
            #expect(try await stream.next() == nil)
            #expect(try await stream.next() == nil)
            server.stop()
        }
    }

    @Test func aReaderThatDoesNotReadStopsTheSender() async throws {
        try await onLoop { loop in
            let total = 64 * 1024 * 1024
            let counter = Counter()
            let server = try ScriptedServer { _, channel in
                try await channel.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                let piece = [UInt8](repeating: 7, count: 65_536)
                for _ in 0..<(total / piece.count) {
                    try await channel.writeAll(piece)
                    counter.sent.wrappingAdd(piece.count, ordering: .relaxed)
                }
            }
            let stream = try await HTTPClient(on: loop).open(OutboundRequest(.get, server.url))
            // The sender goes on for as long as anything takes its bytes. That it has stopped shows only in time that passes.
            var before = -1
            while before != counter.sent.load(ordering: .relaxed) {
                before = counter.sent.load(ordering: .relaxed)
                // As the comment above says: time is what this is about.
                try await EventLoop.sleep(for: .milliseconds(200))
            }
            #expect(before < total / 2)
            var received = 0
            while let piece = try await stream.next() { received += piece.count }
            #expect(received == total)
            server.stop()
        }
    }

    @Test func lettingGoOfAStreamClosesItsConnection() async throws {
        try await onLoop { loop in
            let (ended, end) = AsyncStream.makeStream(of: Void.self)
            let server = try ScriptedServer { _, channel in
                try await channel.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
                _ = try await channel.readSome(upTo: 1)
                end.yield()
            }
            let client = HTTPClient(on: loop)
            do {
                let stream = try await client.open(OutboundRequest(.get, server.url))
                #expect(try await stream.next() == Array("x".utf8))
            }
            for await _ in ended { break }
            server.stop()
        }
    }

    @Test func eventsAreReadFromPiecesOfAnySize() throws {
        let text =
            "\u{FEFF}: hello\nid: 7\nevent: log\ndata: a\ndata:  b\r\n\r\ndata\n\nretry: 250\nid: 8\n\ndata:ä\r\rdata: never"
        let wanted = [
            ReceivedEvent(id: "7", event: "log", data: "a\n b"), ReceivedEvent(id: "7", event: "message", data: ""),
            ReceivedEvent(id: "8", event: "message", data: "ä"),
        ]
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var parser = EventStreamParser()
            var events: [ReceivedEvent] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                events += try parser.add(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(events == wanted)
            #expect(parser.lastID == "8" && parser.retryMilliseconds == 250)
        }
    }
}

private final class Counter: Sendable { let sent = Atomic<Int>(0) }

@Suite(.timeLimit(.minutes(1)))
struct RetryTests {
    private let quick = Retry(delayFirst: .milliseconds(1), delayMax: .milliseconds(2))

    @Test func whatMayPassIsTriedAgain() async throws {
        try await onLoop { [quick] loop in
            let tries = Counter()
            let server = try ScriptedServer { _, channel in
                if tries.sent.wrappingAdd(1, ordering: .relaxed).newValue < 3 {
                    try await channel.answer("503 Busy", "Retry-After: 0\r\n")
                } else {
                    try await channel.answer("200 OK")
                }
            }
            let response = try await quick.send(.json(.post, server.url, []), with: HTTPClient(on: loop))
            #expect(response.status == 200 && server.requests.count == 3)
            server.stop()
        }
    }

    @Test(arguments: [("404 No", 1), ("500 Oops", 1), ("503 Busy", 4), ("429 Slow", 4)])
    func anAnswerIsFinalOrNot(status: String, tries: Int) async throws {
        try await onLoop { [quick] loop in
            let server = try ScriptedServer { _, channel in try await channel.answer(status) }
            _ = try await quick.send(.json(.post, server.url, []), with: HTTPClient(on: loop))
            #expect(server.requests.count == tries)
            server.stop()
        }
    }

    @Test func anUnsafeRequestIsRepeatedOnlyWhenItsSenderAllows() async throws {
        try await onLoop { [quick] loop in
            let server = try ScriptedServer { _, channel in
                try await channel.write("HTTP/1.1 ")
                channel.close()
            }
            let client = HTTPClient(on: loop)
            await #expect(throws: ClientError.self) { try await quick.send(.json(.post, server.url, []), with: client) }
            #expect(server.requests.count == 1)
            let repeating = Retry(delayFirst: .milliseconds(1), repeatsUnsafe: true)
            await #expect(throws: ClientError.self) { try await repeating.send(.json(.post, server.url, []), with: client) }
            #expect(server.requests.count == 5)
            server.stop()
        }
    }

    @Test func aPeerThatWantsToBeLeftAloneForTooLongIs() async throws {
        try await onLoop { [quick] loop in
            let server = try ScriptedServer { _, channel in try await channel.answer("429 Slow", "Retry-After: 3600\r\n") }
            #expect(try await quick.send(OutboundRequest(.get, server.url), with: HTTPClient(on: loop)).status == 429)
            #expect(server.requests.count == 1)
            server.stop()
        }
    }

    @Test func pausesGrowWithinTheirBounds() {
        let retry = Retry(delayFirst: .milliseconds(100), delayMax: .seconds(1))
        for (attempt, full) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (60, 1000)] {
            let delay = retry.delay(afterAttempt: attempt)
            #expect(delay >= .milliseconds(full) / 2 && delay <= .milliseconds(full))
        }
    }

    @Test func retryAfterIsSecondsOrADate() {
        func wanted(_ value: String) -> Duration? {
            var headers = Headers()
            headers.add("Retry-After", value)
            return Retry.retryAfter(OutboundResponse(status: 503, headers: headers))
        }
        #expect(wanted("7") == .seconds(7))
        #expect(wanted("Sun, 06 Nov 1994 08:49:37 GMT") == .zero)
        #expect(wanted("Sun, 06 Nov 2195 08:49:37 GMT")! > .seconds(1_000_000))
        #expect(wanted("soon") == nil)
    }
}
