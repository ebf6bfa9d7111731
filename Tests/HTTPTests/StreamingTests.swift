import Loops
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1)))
struct StreamingTests {
    @Test func aStreamIsChunkedAndEachPieceGoesOutAtOnce() async throws {
        let gate = Signal()
        try await withServer { _ in
            Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        try await writer.write(Array("one".utf8))
                        await gate.wait()
                        try await writer.write([])
                        try await writer.write(Array("two".utf8))
                    }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.read(until: "\r\n\r\n3\r\none\r\n")
            gate.fire()
            #expect(try await client.read(until: "0\r\n\r\n") == "3\r\ntwo\r\n0\r\n\r\n")
            client.close()
        }
    }

    @Test func theHeadGoesOutBeforeTheFirstPiece() async throws {
        try await withServer { _ in
            Response(.ok, body: .stream(ResponseStream(isEndless: true) { _ in try await untilCancelled() }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            client.close()
        }
    }

    @Test func aStreamOfKnownLengthHasIt() async throws {
        try await withServer { _ in
            Response(
                .ok, body: .stream(ResponseStream(length: 6) { writer in for _ in 0..<3 { try await writer.write([97, 98]) } }))
        } _: { test in
            let answer = try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.headers["content-length"] == "6")
            #expect(answer.text == "ababab")
        }
    }

    @Test func aStreamThatBreaksItsWordEndsTheConnection() async throws {
        try await withServer { request in
            let isLong = request.target == Array("/long".utf8)
            return Response(
                .ok,
                body: .stream(ResponseStream(length: 6) { try await $0.write([UInt8](repeating: 97, count: isLong ? 7 : 3)) }))
        } _: { test in
            for target in ["/short", "/long"] {
                let client = try await test.client()
                try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.readToEnd().components("a") <= 3)
                client.close()
            }
        }
    }

    @Test func aStreamThatThrowsHasNoProperEnd() async throws {
        struct Failure: Error {}
        try await withServer { _ in
            Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        try await writer.write([97])
                        throw Failure()
                    }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let text = try await client.readToEnd()
            #expect(text.hasSuffix("1\r\na\r\n"))
            client.close()
        }
    }

    @Test func anHTTP10ClientGetsAStreamThatEndsWithTheConnection() async throws {
        try await withServer { _ in
            Response(.ok, body: .stream(ResponseStream { writer in try await writer.write(Array("hello".utf8)) }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let text = try await client.readToEnd()
            #expect(text.hasSuffix("\r\n\r\nhello"))
            #expect(!text.contains("chunked"))
            client.close()
        }
    }

    @Test func aSlowReaderStopsTheWriter() async throws {
        let written = Shared(0)
        let total = 640
        try await withServer { _ in
            Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        let piece = [UInt8](repeating: 120, count: 100_000)
                        for _ in 0..<total {
                            try await writer.write(piece)
                            written.withLock { $0 += 1 }
                        }
                    }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            var before = -1
            while written.current != before {
                before = written.current
                // Time is what this is about: the writer is to stand still.
                try await EventLoop.sleep(for: .milliseconds(200))
            }
            #expect(before < total / 2, "the kernel's buffers hold no more than this")
            #expect(try await client.answer().content.count == total * 100_000)
            client.close()
        }
    }

    @Test func piecesWrittenByTwoTasksDoNotMix() async throws {
        try await withServer { _ in
            Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            for letter in [UInt8(ascii: "a"), UInt8(ascii: "b")] {
                                group.addTask {
                                    for _ in 0..<50 { try await writer.write([UInt8](repeating: letter, count: 20_000)) }
                                }
                            }
                            try await group.waitForAll()
                        }
                    }))
        } _: { test in
            let content = try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").content
            #expect(content.count == 2_000_000)
            for start in stride(from: 0, to: content.count, by: 20_000) {
                #expect(Set(content[start..<start + 20_000]).count == 1)
            }
        }
    }

    @Test func aClientThatTakesNothingIsCutOff() async throws {
        var limits = HTTPLimits()
        limits.writeTimeout = .milliseconds(100)
        let ended = Signal()
        try await withServer(limits: limits) { _ in
            Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        defer { ended.fire() }
                        while true { try await writer.write([UInt8](repeating: 120, count: 100_000)) }
                    }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await ended.wait()
            client.close()
        }
    }

    @Test func aClientThatGoesAwayCancelsItsHandler() async throws {
        let outcome = Shared("")
        let begun = Signal()
        let ended = Signal()
        try await withServer { _ in
            begun.fire()
            do {
                try await untilCancelled()
            } catch {
                outcome.withLock { $0 = "\(error)" }
            }
            ended.fire()
            return .text("")
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            client.resetOnClose()
            client.close()
            await ended.wait()
            #expect(outcome.current == "CancellationError()")
        }
    }

    @Test(arguments: [true, false])
    func aHalfClosedClientEndsAnEndlessStreamOnly(isEndless: Bool) async throws {
        let isCancelled = Shared(false)
        let gate = Signal()
        try await withServer { _ in
            Response(
                .ok,
                body: .stream(
                    ResponseStream(isEndless: isEndless) { writer in
                        if isEndless {
                            do { try await untilCancelled() } catch { isCancelled.withLock { $0 = true } }
                        } else {
                            await gate.wait()
                            isCancelled.withLock { $0 = Task.isCancelled }
                        }
                        try await writer.write(Array("last".utf8))
                    }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.read(until: "\r\n\r\n")
            client.channel.shutDownWriting()
            // Time is what this is about: the server is to see the half-close and do nothing.
            if !isEndless { try await EventLoop.sleep(for: .milliseconds(50)) }
            gate.fire()
            #expect(try await client.readToEnd() == "4\r\nlast\r\n0\r\n\r\n")
            #expect(isCancelled.current == isEndless)
            client.close()
        }
    }

    @Test func anEchoStreamsBothWaysAtOnce() async throws {
        try await withServer { request in
            let body = Shared(request.body)
            return Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        var content = body.current
                        while let piece = try await content.next() { try await writer.write(piece) }
                    }))
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            _ = try await client.read(until: "\r\n\r\n")
            for number in 0..<10 {
                try await client.send("2\r\n\(number)\n\r\n")
                #expect(try await client.read(until: "\n\r\n") == "2\r\n\(number)\n\r\n")
            }
            try await client.send("0\r\n\r\n")
            #expect(try await client.read(until: "0\r\n\r\n") == "0\r\n\r\n")
            client.close()
        }
    }
}

extension String {
    /// How often a character occurs behind the head.
    fileprivate func components(_ character: Character) -> Int {
        guard let start = firstRange(of: "\r\n\r\n") else { return 0 }
        return self[start.upperBound...].count { $0 == character }
    }
}
