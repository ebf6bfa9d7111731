import Loops
import Testing

@testable import HTTP

/// What a server does when there is too much of something.
@Suite(.timeLimit(.minutes(1)))
struct AdmissionTests {
    private static let hello = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    // Over TLS there is nothing to say it in before the handshake: the connection is closed.
    @Test(.disabled(if: TestTLS.isForAll))
    func anAddressHasNoMoreConnectionsThanItMay() async throws {
        var limits = HTTPLimits()
        limits.connectionsPerAddressMax = 2
        try await withServer(limits: limits) { _ in
            .text("ok")
        } _: { test in
            var clients: [TestClient] = []
            for _ in 0..<2 {
                let client = try await test.client()
                try await client.send(Self.hello)
                #expect(try await client.answer().status == .ok)
                clients.append(client)
            }
            let third = try await test.exchange(Self.hello)
            #expect(third.status == .tooManyRequests)
            #expect(third.headers["retry-after"] == "1")
            clients.removeLast().close()
            while test.server.connections > 1 { await EventLoop.yield() }
            #expect(try await test.exchange(Self.hello).status == .ok)
            clients.removeLast().close()
        }
    }

    @Test func proxiesThatSpeakForManyAreExempt() async throws {
        let group = try EventLoopGroup(count: 1)
        var limits = HTTPLimits()
        limits.connectionsPerAddressMax = 1
        let range = try #require(AddressRange("127.0.0.0/8"))
        let server = HTTPServer(
            group: group, responder: Handler { _ in .text("ok") }, limits: limits, exempt: [range])
        let address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        try await group.loops[0].task {
            var clients: [TestClient] = []
            for _ in 0..<5 {
                let client = TestClient(channel: try await Channel.connect(to: address))
                try await client.send(Self.hello)
                #expect(try await client.answer().status == .ok)
                clients.append(client)
            }
            for client in clients { client.close() }
            await server.shutdown(within: .seconds(1))
        }.value
        group.shutdown()
    }

    @Test func nearTheLimitTheLongestIdleMakeRoomForTheNew() async throws {
        var limits = HTTPLimits()
        limits.connectionsMax = 16
        let gate = Signal()
        let begun = Signal()
        try await withServer(limits: limits) { request in
            if request.target == Array("/slow".utf8) {
                begun.fire()
                await gate.wait()
            }
            return .text("ok")
        } _: { test in
            // The oldest is at work, and stays.
            let busy = try await test.client()
            try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            var idle: [TestClient] = []
            for _ in 0..<60 {
                let client = try await test.client()
                try await client.send(Self.hello)
                let answer = try await client.answer()
                #expect(answer.status == .ok)
                while test.server.connections > 15 { await EventLoop.yield() }
                idle.append(client)
            }
            #expect(try await idle[0].readToEnd().isEmpty)
            gate.fire()
            #expect(try await busy.answer().text == "ok")
            busy.close()
            for client in idle { client.close() }
        }
    }

    @Test func pastTheLimitOfRequestsAnAnswerSaysWhenToComeAgain() async throws {
        var limits = HTTPLimits()
        limits.requestsMax = 0
        try await withServer(limits: limits) { _ in
            .text("ok")
        } _: { test in
            let client = try await test.client()
            // What is refused is not answered by its own content.
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.hello.utf8.count)\r\n\r\n" + Self.hello)
            try await client.send(Self.hello)
            for _ in 0..<2 {
                let answer = try await client.answer()
                #expect(answer.status == .unavailable)
                #expect(answer.headers["retry-after"] == "1")
                #expect(answer.keepsAlive)
            }
            client.close()
            #expect(try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status == .unavailable)
        }
    }

    @Test func bodiesThatAreGatheredAtOnceHaveALimitTogether() async throws {
        var limits = HTTPLimits()
        limits.heldBytesMax = 100_000
        let part = String(repeating: "x", count: 60_000)
        try await withServer(limits: limits) { request in
            do {
                return .text("\(try await request.body.collect(upTo: 1 << 20).count)")
            } catch {
                return .text("\(error)", status: (error as? HTTPError)?.status ?? .internalError)
            }
        } _: { test in
            let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60001\r\n\r\n"
            let first = try await test.client()
            try await first.send(head + part)
            while test.server.heldBytes < 60_000 { await EventLoop.yield() }
            let second = try await test.client()
            try await second.send(head + part)
            #expect(try await second.answer().status == .unavailable)
            second.close()
            while test.server.heldBytes > 60_000 { await EventLoop.yield() }
            try await first.send("x")
            #expect(try await first.answer().text == "60001")
            while test.server.heldBytes > 0 { await EventLoop.yield() }
            #expect(try await test.exchange(head + part + "x").text == "60001")
            first.close()
        }
    }

    @Test func addressesAreEqualHoweverTheyAreWritten() {
        #expect(IPAddress("192.0.2.1") == IPAddress("::ffff:192.0.2.1"))
        #expect(IPAddress("2001:db8::1") == IPAddress("2001:0DB8:0:0:0:0:0:1"))
        #expect(IPAddress("192.0.2.1")?.client == IPAddress("192.0.2.1"))
        #expect(IPAddress("2001:db8::1")?.client == IPAddress("2001:db8::ffff:1")?.client)
        #expect(IPAddress("2001:db8:0:1::1")?.client != IPAddress("2001:db8::1")?.client)
        for bad in ["", "1.2.3", "1.2.3.4.5", "::g", "localhost", "1.2.3.4%eth0", "[::1]"] { #expect(IPAddress(bad) == nil) }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
        ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true), ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
        ("2001:db8::/64", "2001:db8::1:2:3:4", true), ("2001:db8::8/127", "2001:db8::9", true),
        ("2001:db8::8/127", "2001:db8::a", false), ("::ffff:10.1.0.0", "10.1.0.0", true),
    ])
    func aRangeHoldsWhatSharesItsBits(range: String, address: String, isInside: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))) == isInside)
    }

    @Test func whatIsNoRangeIsRefused() {
        for bad in ["", "/", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "ten/8"] {
            #expect(AddressRange(bad) == nil, "\(bad)")
        }
    }
}
