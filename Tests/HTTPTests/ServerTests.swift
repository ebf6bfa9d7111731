import Glibc
import Loops
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1)))
struct ServerTests {
    private static let hello: @Sendable (Request) async -> Response = { request in
        .text("\(request.method.name) \(String(decoding: request.target, as: UTF8.self)) \(await length(of: request.body))")
    }

    @Test func aConnectionIsKeptForManyRequests() async throws {
        try await withServer(Self.hello) { test in
            let client = try await test.client()
            for number in 0..<50 {
                try await client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.text == "GET /\(number) 0")
                #expect(answer.keepsAlive)
                #expect(answer.headers["date"]?.hasSuffix(" GMT") == true)
            }
            #expect(test.server.connections == 1)
            client.close()
        }
    }

    @Test func closingIsAskedForAndSaid() async throws {
        try await withServer(Self.hello) { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.headers["connection"] == "close")
            #expect(try await client.readToEnd().isEmpty)
            client.close()
        }
    }

    @Test func anHTTP10ClientGetsItsConnectionClosedUnlessItAsks() async throws {
        try await withServer(Self.hello) { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await client.answer().headers["connection"] == "keep-alive")
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try await client.answer().headers["connection"] == "close")
            #expect(try await client.readToEnd().isEmpty)
            client.close()
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer { request in
            // The first is the slowest.
            if request.target == Array("/0".utf8) { await Task.yield() }
            return await Self.hello(request)
        } _: { test in
            let client = try await test.client()
            let requests = (0..<500).map { number in
                number % 2 == 0
                    ? "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
                    : "POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            }
            try await client.send(requests.joined())
            for number in 0..<500 {
                #expect(try await client.answer().text == (number % 2 == 0 ? "GET /\(number) 0" : "POST /\(number) 3"))
            }
            client.close()
        }
    }

    @Test func anAnswerIsNotHeldBackByTheNextPipelinedRequest() async throws {
        let gate = Signal()
        try await withServer { request in
            if request.target == Array("/slow".utf8) {
                await gate.wait()
            }
            return await Self.hello(request)
        } _: { test in
            let client = try await test.client()
            try await client.send("GET /fast HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().text == "GET /fast 0")
            gate.fire()
            #expect(try await client.answer().text == "GET /slow 0")
            client.close()
        }
    }

    @Test func aSlowHandlerDelaysNobodyElseOnItsLoop() async throws {
        try await withServer { request in
            if request.target == Array("/slow".utf8) { try? await untilCancelled() }  // It throws nothing else.
            return await Self.hello(request)
        } _: { test in
            var slow: [TestClient] = []
            for _ in 0..<8 {
                let client = try await test.client()
                try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                slow.append(client)
            }
            for _ in 0..<8 { #expect(try await test.exchange("GET /f HTTP/1.1\r\nHost: a\r\n\r\n").text == "GET /f 0") }
            for client in slow {
                client.channel.abort()
                client.close()
            }
        }
    }

    @Test func requestsArriveByteByByte() async throws {
        try await withServer(Self.hello) { test in
            let client = try await test.client()
            let text =
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                + "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
            for byte in text.utf8 {
                try await client.channel.writeAll([byte])
                await EventLoop.yield()
            }
            #expect(try await client.answer().text == "POST /a 3")
            #expect(try await client.answer().text == "POST /b 4")
            client.close()
        }
    }

    @Test func headHasTheFieldsOfGetAndNoContent() async throws {
        try await withServer { request in
            request.target == Array("/stream".utf8)
                ? Response(.ok, body: .stream(ResponseStream { _ in Issue.record("produced for HEAD") })) : .text("hello")
        } _: { test in
            let client = try await test.client()
            try await client.send(
                "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.answer(to: .head)
            #expect(answer.headers["content-length"] == "5")
            #expect(try await client.answer(to: .head).headers["transfer-encoding"] == "chunked")
            #expect(try await client.answer().text == "hello")
            client.close()
        }
    }

    @Test(arguments: [204, 304] as [Status])
    func aStatusWithoutContentHasNone(_ status: Status) async throws {
        try await withServer { _ in
            Response(status, body: .bytes([1, 2, 3]))
        } _: { test in
            let client = try await test.client()
            for _ in 0..<2 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.status == status)
                #expect(answer.headers["content-length"] == nil)
            }
            client.close()
        }
    }

    @Test func framingFieldsOfAHandlerAreNotPassedOn() async throws {
        try await withServer { _ in
            var response = Response.text("hello")
            for (name, value) in [
                ("Content-Length", "99"), ("Transfer-Encoding", "gzip"), ("Connection", "close"), ("Date", "today"),
                ("X-Other", "kept"),
            ] { response.headers.add(name, value) }
            return response
        } _: { test in
            let answer = try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.text == "hello")
            #expect(answer.keepsAlive)
            #expect(answer.headers["date"] == "today")
            #expect(answer.headers["x-other"] == "kept")
        }
    }

    @Test func aFileIsSentWhole() async throws {
        let path = "/tmp/nexus-http-file-\(getpid())"
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        #expect(bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == bytes.count)
        Glibc.close(file)
        defer { unlink(path) }
        try await withServer { request in
            let name = request.target == Array("/gone".utf8) ? path + "x" : path
            return Response(.ok, body: .file(FileRegion(path: name, offset: 1_000, length: 2_900_000)))
        } _: { test in
            let client = try await test.client()
            for _ in 0..<2 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.answer().content == Array(bytes[1_000..<2_901_000]))
            }
            try await client.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().status == .notFound)
            client.close()
        }
    }

    @Test func aLargeWholeBodyIsSentThroughASocketThatFills() async throws {
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        try await withServer { _ in
            Response(.ok, body: .bytes(bytes))
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for _ in 0..<2 { #expect(try await client.answer().content == bytes) }
            client.close()
        }
    }

    @Test func unixSocketsAreServedByAllLoops() async throws {
        let path = "/tmp/nexus-http-\(getpid())"
        let loops = Shared<Set<Int>>([])
        try await withServer(on: .unix(path: path)) { request in
            #expect(request.peer == .unix)
            _ = loops.withLock { $0.insert(EventLoop.current?.index ?? -1) }
            return .text("hello")
        } _: { test in
            for _ in 0..<4 {
                let answer = try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(answer.text == "hello")
            }
        }
        #expect(loops.current == [0, 1])
        #expect(access(path, F_OK) != 0)
    }

    @Test func thePeerIsTheClientsAddress() async throws {
        try await withServer { request in
            .text("\(request.peer)")
        } _: { test in
            let text = try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").text
            #expect(text.contains("127.0.0.1"))
        }
    }

    // Over TLS it is closed: an answer would cost a handshake.
    @Test(.disabled(if: TestTLS.isForAll))
    func pastTheConnectionLimitAClientIsToldToComeBack() async throws {
        var limits = HTTPLimits()
        limits.connectionsMax = 2
        try await withServer(limits: limits, Self.hello) { test in
            let first = try await test.client()
            let second = try await test.client()
            for client in [first, second] {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.answer()
            }
            let third = try await test.client()
            let answer = try await third.answer()
            #expect(answer.status == .unavailable)
            #expect(answer.headers["retry-after"] == "1")
            for client in [first, second, third] { client.close() }
            while test.server.connections > 0 { await EventLoop.yield() }
            #expect(try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == .ok)
        }
    }
}
