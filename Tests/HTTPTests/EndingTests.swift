import Glibc
import Loops
import Testing

@testable import HTTP

extension TestClient {
    /// Has `close` reset the connection, as the end of a process with unread input does.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(channel.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}

/// Refusals, timeouts and the graceful end.
@Suite(.timeLimit(.minutes(1)))
struct EndingTests {
    @Test func whatIsNoRequestIsAnsweredInTheErrorsShapeAndClosed() async throws {
        try await withServer { _ in
            .text("ok")
        } _: { test in
            for (text, status) in [
                ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: a\n\n", 400), ("GET / HTTP/3.0\r\n\r\n", 505),
                ("GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\n", 414),
                ("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 40_000), 431),
                ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: br\r\n\r\n", 501),
            ] as [(String, Status)] {
                let client = try await test.client()
                try await client.send(text)
                let answer = try await client.answer()
                #expect(answer.status == status)
                #expect(answer.headers["connection"] == "close")
                #expect(!answer.text.isEmpty)
                #expect(try await client.readToEnd().isEmpty)
                client.close()
            }
        }
    }

    @Test func theAnswerToAGoodRequestPrecedesTheRefusalOfABadOne() async throws {
        try await withServer { _ in
            .text("ok")
        } _: { test in
            let client = try await test.client()
            try await client.send(
                "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().status == .ok)
            #expect(try await client.answer().status == .badRequest)
            #expect(try await client.readToEnd().isEmpty)
            client.close()
        }
    }

    @Test func aRefusalIsReadThoughTheClientIsStillSending() async throws {
        try await withServer { _ in
            .text("ok")
        } _: { test in
            let client = try await test.client()
            try await client.send("NONSENSE\r\n" + String(repeating: "x", count: 300_000))
            #expect(try await client.answer().status == .badRequest)
            client.close()
        }
    }

    @Test func aHeadThatTakesTooLongIsAnsweredWith408() async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(100)
        try await withServer(limits: limits) { _ in
            .text("ok")
        } _: { test in
            let client = try await test.client()
            let sender = test.group.loops[1].task {
                for byte in "GET / HTTP/1.1\r\nX: and so on, a byte at a time".utf8 {
                    try await client.channel.writeAll([byte])
                    // Time is what this is about: a slow sender.
                    try await EventLoop.sleep(for: .milliseconds(10))
                }
            }
            #expect(try await client.answer().status == .requestTimeout)
            sender.cancel()
            client.close()
        }
    }

    @Test func anIdleConnectionIsClosedWithoutAWord() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .milliseconds(50)
        try await withServer(limits: limits) { _ in
            .text("ok")
        } _: { test in
            let client = try await test.client()
            #expect(try await client.readToEnd().isEmpty)
            client.close()
            let second = try await test.client()
            try await second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await second.answer().status == .ok)
            #expect(try await second.readToEnd().isEmpty)
            second.close()
        }
    }

    @Test func drainingFinishesWhatIsUnderWayAndClosesWhatIsIdle() async throws {
        let gate = Signal()
        let begun = Signal()
        try await withServer { request in
            if request.target == Array("/slow".utf8) {
                begun.fire()
                await gate.wait()
            }
            return .text("done")
        } _: { test in
            let idle = try await test.client()
            try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await idle.answer()
            let slow = try await test.client()
            try await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            let drained = test.group.loops[0].task { await test.server.shutdown(within: .seconds(20)) }
            #expect(try await idle.readToEnd().isEmpty)
            // try?: refused is what is waited for; another loop's listener may close a moment after this one's.
            while let late = try? await test.client() { late.close() }
            gate.fire()
            let answer = try await slow.answer()
            #expect(answer.text == "done")
            #expect(answer.headers["connection"] == "close")
            #expect(try await slow.readToEnd().isEmpty)
            await drained.value
            #expect(test.server.connections == 0)
            idle.close()
            slow.close()
        }
    }

    @Test func drainingLetsAnEndlessStreamSayGoodbye() async throws {
        try await withServer { _ in
            Response(
                .ok,
                body: .stream(
                    ResponseStream(isEndless: true) { writer in
                        try await writer.write(Array("hello".utf8))
                        do {
                            try await untilCancelled()
                        } catch {
                            try await writer.write(Array("goodbye".utf8))
                            throw error
                        }
                    }))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.read(until: "hello\r\n")
            await test.server.shutdown(within: .seconds(20))
            #expect(try await client.readToEnd() == "7\r\ngoodbye\r\n0\r\n\r\n")
            client.close()
        }
    }

    @Test func atTheLimitWhatIsLeftIsCutOff() async throws {
        let isCancelled = Shared(false)
        let begun = Signal()
        try await withServer { _ in
            begun.fire()
            do {
                try await untilCancelled()
            } catch {
                isCancelled.withLock { $0 = true }
            }
            return .text("late")
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let partial = try await test.client()
            try await partial.send("GET / HT")
            await begun.wait()
            while test.server.connections < 2 { await EventLoop.yield() }
            await test.server.shutdown(within: .milliseconds(100))
            #expect(isCancelled.current)
            #expect(test.server.connections == 0)
            #expect(try await client.readToEnd().isEmpty)
            #expect(try await partial.readToEnd().isEmpty)
            client.close()
            partial.close()
        }
    }
}
