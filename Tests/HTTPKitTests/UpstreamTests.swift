import HTTP
import Loops
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct UpstreamTests {
    private let group: EventLoopGroup

    init() throws { group = try EventLoopGroup(count: 1) }

    private func onLoop<Value: Sendable>(_ operation: sending @escaping () async throws -> Value) async throws -> Value {
        try await group.loops[0].task(operation).value
    }

    /// Answers every request with `response`.
    private func server(_ response: String) async throws -> ScriptedServer {
        try await ScriptedServer(group) { peer, _ in
            while try await peer.head() != nil { try await peer.say(response) }
        }
    }

    private func request(_ method: Method = .get, _ target: String = "/x", body: Body = .empty) -> Request {
        Request(method, target, body: body)
    }

    @Test func aConnectionServesOneRequestAfterAnother() async throws {
        let server = try await server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: b\r\nconnection: keep-alive\r\n\r\nhi")
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            for _ in 0..<3 {
                let response = try await upstream.send(request)
                #expect(response.status == .ok)
                #expect(response.headers["x-a"] == "b")
                #expect(response.headers.fields.count == 1)
                #expect(!response.isStreamed)
                let got = try await response.collected()
                #expect(got == Array("hi".utf8))
            }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func theHeadHoldsWhatGoesOnAndNothingElse() async throws {
        let seen = Mutex<[String]>([])
        let server = try await ScriptedServer(group) { peer, _ in
            while let head = try await peer.head() {
                seen.withLock { $0.append(head) }
                try await peer.say("HTTP/1.1 204 No Content\r\n\r\n")
            }
        }
        let upstream = Upstream.unix(server.path)
        var parser = RequestParser()
        let raw = Array(
            """
            GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nAccept: */*  \r
            Connection: keep-alive, X-Hop\r\nX-Hop: 1\r
            Keep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: x\r\nUpgrade: h2c\r
            Expect: 100-continue\r\nX-Kept: \r\nX-Last: y\r\n\r\n
            """.utf8)
        let parsed = try #require(try parser.parse(raw.span.bytes))
        var received = Request(method: parsed.method, target: parsed.target, headers: parsed.headers)
        received.headers.add("x-added", "z".utf8)
        let sent = received
        let posted = request(.post)
        let put = request(.put, body: .bytes([1, 2, 3]))
        try await onLoop {
            _ = try await upstream.send(sent)
            _ = try await upstream.send(posted)
            _ = try await upstream.send(put)
        }
        let heads = seen.withLock { $0 }
        #expect(
            heads[0] == """
                GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nAccept: */*\r
                X-Kept: \r\nX-Last: y\r\nx-added: z\r\n\r\n
                """)
        #expect(heads[1] == "POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n")
        #expect(heads[2].hasSuffix("content-length: 3\r\n\r\n"))
    }

    @Test func aResponseMayBeSplitAnywhere() async throws {
        let interim = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
        let answers = [
            interim + "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: u\r\n\r\n",
            interim + "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde",
        ]
        let pieces = answers.flatMap { answer in (1..<answer.utf8.count).map { (answer.prefix($0), answer.dropFirst($0)) } }
        let next = Atomic<Int>(0)
        let server = try await ScriptedServer(group) { peer, _ in
            while try await peer.head() != nil {
                let (first, second) = pieces[next.wrappingAdd(1, ordering: .relaxed).oldValue]
                try await peer.say(String(first))
                // Gives the other end a turn, so that it reads the first piece alone.
                for _ in 0..<4 { await EventLoop.yield() }
                try await peer.say(String(second))
            }
        }
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            for _ in pieces {
                let got = try await upstream.send(request).collected()
                #expect(got == Array("abcde".utf8))
            }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func anIdempotentRequestIsSentOnceMoreWhenAPooledConnectionIsStale() async throws {
        let heads = Atomic<Int>(0)
        let server = try await ScriptedServer(group) { peer, number in
            _ = try await peer.head()
            heads.wrappingAdd(1, ordering: .relaxed)
            try await peer.say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            // Takes a second request, and goes without an answer.
            if try await peer.head() != nil { heads.wrappingAdd(1, ordering: .relaxed) }
        }
        let upstream = Upstream.unix(server.path)
        let (get, post) = (request(), request(.post, body: .bytes([1])))
        try await onLoop {
            _ = try await upstream.send(get)
            let got = try await upstream.send(get).status
            #expect(got == .ok)
        }
        #expect(server.connectionCount == 2)
        #expect(heads.load(ordering: .relaxed) == 3)
        try await onLoop {
            _ = await #expect(throws: UpstreamError.protocolError("closed the connection before it answered")) {
                _ = try await upstream.send(post)
            }
        }
        #expect(server.connectionCount == 2)
        #expect(heads.load(ordering: .relaxed) == 4)
    }

    @Test func aFreshConnectionThatFailsIsNotTriedAgain() async throws {
        let server = try await ScriptedServer(group) { peer, _ in _ = try await peer.head() }
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            _ = await #expect(throws: UpstreamError.protocolError("closed the connection before it answered")) {
                _ = try await upstream.send(request)
            }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func whatNobodyListensOnIsUnavailable() async throws {
        let upstream = Upstream.unix(try temporarySocketPath())
        let request = request()
        try await onLoop {
            let error = await #expect(throws: UpstreamError.self) { _ = try await upstream.send(request) }
            #expect(error?.status == .unavailable)
        }
    }

    @Test func eachWaitHasItsLimit() async throws {
        var limits = UpstreamLimits()
        limits.headTimeout = .milliseconds(30)
        limits.progressTimeout = .milliseconds(30)
        let silent = try await ScriptedServer(group) { peer, _ in while try await peer.head() != nil {} }
        let stuck = try await ScriptedServer(group) { peer, _ in
            _ = try await peer.head()
            try await peer.say("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
            _ = try await peer.head()
        }
        let upstreams = (Upstream.unix(silent.path, limits: limits), Upstream.unix(stuck.path, limits: limits))
        let request = request()
        try await onLoop {
            _ = await #expect(throws: UpstreamError.timeout("waiting for the response's head")) {
                _ = try await upstreams.0.send(request)
            }
            let response = try await upstreams.1.send(request)
            await #expect(throws: UpstreamError.timeout("waiting for more of the response")) {
                _ = try await response.collected()
            }
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\ncontent-length: 2\n\nab",
        "HTTP/2 200 OK\r\n\r\n", "garbage\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ])
    func aBrokenResponseIsAProtocolError(response: String) async throws {
        let server = try await server(response)
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            let error = await #expect(throws: UpstreamError.self) { _ = try await upstream.send(request).collected() }
            #expect(error?.status == .badGateway)
        }
    }

    @Test func bytesThatNobodyAskedForEndAConnection() async throws {
        let server = try await server(
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb")
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            for _ in 0..<3 {
                let got = try await upstream.send(request).collected()
                #expect(got == Array("a".utf8))
            }
        }
        #expect(server.connectionCount == 3)
    }

    @Test func bytesThatComeBetweenTwoRequestsEndAConnection() async throws {
        let server = try await ScriptedServer(group) { peer, _ in
            while try await peer.head() != nil {
                try await peer.say("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na")
                for _ in 0..<4 { await EventLoop.yield() }
                try await peer.say("HTTP/1.1 408 Request Timeout\r\ncontent-length: 1\r\n\r\nb")
            }
        }
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            for _ in 0..<2 {
                let got = try await upstream.send(request).collected()
                #expect(got == Array("a".utf8))
                for _ in 0..<12 { await EventLoop.yield() }
            }
        }
        #expect(server.connectionCount == 2)
    }

    @Test func theContentOfAHeadRequestIsItsLengthOnly() async throws {
        let server = try await server("HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n")
        let upstream = Upstream.unix(server.path)
        let request = request(.head)
        try await onLoop {
            for _ in 0..<2 {
                guard case .stream(let stream) = try await upstream.send(request).body else {
                    Issue.record("the length was lost")
                    return
                }
                #expect(stream.length == 1234)
            }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func requestsWaitForAConnectionWhenThereAreNoMore() async throws {
        var limits = UpstreamLimits()
        limits.connectionsMax = 2
        let server = try await server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
        let upstream = Upstream.unix(server.path, limits: limits)
        let request = request()
        try await onLoop {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let got = try await upstream.send(request).collected().count
                        #expect(got == 2)
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(server.connectionCount == 2)
    }

    @Test func aResponseWithoutALengthEndsWithItsConnection() async throws {
        let server = try await ScriptedServer(group) { peer, _ in
            _ = try await peer.head()
            try await peer.say("HTTP/1.0 200 OK\r\n\r\nabc")
            for _ in 0..<4 { await EventLoop.yield() }
            try await peer.say("def")
        }
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            for _ in 0..<2 {
                let got = try await upstream.send(request).collected()
                #expect(got == Array("abcdef".utf8))
            }
        }
        #expect(server.connectionCount == 2)
    }

    @Test func aResponseThatBreaksOffIsAnError() async throws {
        let server = try await ScriptedServer(group) { peer, _ in
            _ = try await peer.head()
            try await peer.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        }
        let upstream = Upstream.unix(server.path)
        let request = request()
        try await onLoop {
            let response = try await upstream.send(request)
            await #expect(throws: UpstreamError.protocolError("broke off its response")) { _ = try await response.collected() }
        }
    }
}
