import HTTP
import Loops
import Models
import Testing

@testable import Gateway

/// `GET /ws`.
@Suite(.timeLimit(.minutes(2)))
struct FeedSocketTests {
    /// Runs `body` on a loop, with a bench.
    private func withBench(
        limits: SocketLimits = SocketLimits(), _ body: @escaping @Sendable (FeedBench) async throws -> Void
    ) async throws {
        let bench = try await FeedBench(limits: limits)
        try await bench.onLoop { try await body(bench) }
        try await bench.stop()
    }

    private static func error(_ message: String, _ channel: String? = nil) -> JSONValue {
        var members: [String: JSONValue] = ["type": .string("error"), "payload": .object(["error": .string(message)])]
        if let channel { members["channel"] = .string(channel) }
        return .object(members)
    }

    private static func subscribed(_ channel: String) -> JSONValue {
        .object(["type": .string("subscribed"), "channel": .string(channel)])
    }

    @Test func aSubscriberGetsEachEventOnceUntilItUnsubscribes() async throws {
        try await withBench { bench in
            let client = try await SocketClient.open(bench.gateway, bearer: try bench.token())
            defer { client.close() }
            #expect(try await client.subscribe("workspace:default") == Self.subscribed("workspace:default"))
            #expect(try await client.subscribe("workspace:default") == Self.subscribed("workspace:default"))
            try await bench.tell(.board, "issue.created", "i1", data: #"{"title":"One"}"#)
            try await bench.tell(.board, "issue.created", "i2", in: "elsewhere")
            let event = try await client.next()
            #expect(event["type"] == .string("issue.created"))
            #expect(event["channel"] == .string("workspace:default"))
            #expect(event["subject_id"] == .string("i1"))
            #expect(event["payload"]?["title"] == .string("One"))
            #expect(try await client.ask(#"{"type":"ping"}"#) == .object(["type": .string("pong")]))
            let left = try await client.ask(#"{"type":"unsubscribe","channel":"workspace:default"}"#)
            #expect(left["type"] == .string("unsubscribed"))
            try await bench.tell(.board, "issue.created", "i3")
            #expect(try await client.ask(#"{"type":"ping"}"#) == .object(["type": .string("pong")]))
        }
    }

    @Test func channelsOfProjectsAndRunsAreNarrower() async throws {
        try await withBench { bench in
            let client = try await SocketClient.open(bench.gateway, bearer: try bench.token())
            defer { client.close() }
            for channel in ["project:p", "run:r"] { #expect(try await client.subscribe(channel) == Self.subscribed(channel)) }
            try await bench.tell(.board, "issue.created", "i1")
            try await bench.tell(.board, "issue.created", "i2", project: "x_p")
            #expect(try await client.next()["channel"] == .string("project:p"))
            try await bench.tell(.runs, "run.started", "x_r", project: "x_p")
            // Each of its channels has the event.
            #expect(try await client.next()["channel"] == .string("project:p"))
            #expect(try await client.next()["channel"] == .string("run:r"))
        }
    }

    @Test(arguments: [
        "workspace:elsewhere", "project:nothing", "run:nothing", "board:x", "workspace:", "nonsense", "project:../tasks",
        "run:a b",
    ])
    func aChannelThatMayNotBeHeardIsDenied(_ channel: String) async throws {
        try await withBench { bench in
            let client = try await SocketClient.open(bench.gateway, bearer: try bench.token())
            defer { client.close() }
            #expect(try await client.subscribe(channel) == Self.error("access denied", channel))
        }
    }

    @Test func theFirstMessageMayCarryTheTokenThatIsGoodForNothingElse() async throws {
        try await withBench { bench in
            let asked = try await bench.send(.get, "/api/v1/ws-token", bearer: try bench.token())
            #expect(asked.status == 200)
            let token = try #require(try asked.json()["token"]?.string)
            #expect(try asked.json()["expires_in"] == .integer(60))
            #expect(try await bench.send(.get, "/auth/me", bearer: token).status == 401)
            #expect(try await bench.send(.get, "/api/v1/ws-token").status == 401)

            let client = try await SocketClient.open(bench.gateway)
            defer { client.close() }
            #expect(try await client.subscribe("workspace:default") == Self.error("authenticate first", "workspace:default"))
            let answer = try await client.ask("{\"type\":\"auth\",\"token\":\"\(token)\"}")
            #expect(answer["type"] == .string("authenticated"))
            #expect(try await client.subscribe("workspace:default") == Self.subscribed("workspace:default"))
            try await bench.tell(.board, "issue.created", "i1")
            #expect(try await client.next()["subject_id"] == .string("i1"))
        }
    }

    @Test(arguments: ["", "nonsense", "nxw_", "nxw_AAAA", "nxk_0123456789012345678901234567890123456789"])
    func aBadTokenEndsTheConnection(_ token: String) async throws {
        try await withBench { bench in
            let client = try await SocketClient.open(bench.gateway)
            defer { client.close() }
            #expect(try await client.ask("{\"type\":\"auth\",\"token\":\"\(token)\"}") == Self.error("authentication failed"))
            #expect(try await client.closeCode() == 1008)
        }
    }

    @Test func aSealedTokenIsGoodForAMinute() async throws {
        let bench = try await FeedBench()
        let sealer = SocketToken(box: .init(key: bench.base.keys.encryption))
        let now = bench.base.clock.now()
        let token = try sealer.seal(.init(bearer: "nxk_secret"), now: now)
        #expect(!token.contains("secret"))
        #expect(try sealer.open(token, now: now.adding(seconds: 59)).token.elementsEqual("nxk_secret".utf8))
        #expect(throws: ServiceError.unauthenticated) { try sealer.open(token, now: now.adding(seconds: 60)) }
        #expect(throws: ServiceError.unauthenticated) { try sealer.open(String(token.dropLast()), now: now) }
        try await bench.stop()
    }

    @Test func whatIsNoCommandIsAnsweredAndEndsNothing() async throws {
        try await withBench { bench in
            let client = try await SocketClient.open(bench.gateway, bearer: try bench.token())
            defer { client.close() }
            for text in ["{", "[]", "{\"type\":1}", "{\"type\":\"dance\"}", "{\"type\":\"subscribe\"}", ""] {
                #expect(try await client.ask(text)["type"] == .string("error"), "\(text)")
            }
            #expect(try await client.ask(#"{"type":"ping"}"#) == .object(["type": .string("pong")]))
            try await client.send(opcode: 2, [1])
            #expect(try await client.closeCode() == 1003)
        }
    }

    @Test func whoDoesNotSayWhoTheyAreIsClosed() async throws {
        var limits = SocketLimits()
        limits.authenticationMax = .milliseconds(50)
        try await withBench(limits: limits) { bench in
            let client = try await SocketClient.open(bench.gateway)
            defer { client.close() }
            #expect(try await client.closeCode() == 1008)
        }
    }

    @Test func whoSaysTooMuchIsClosed() async throws {
        try await withBench { bench in
            let client = try await SocketClient.open(bench.gateway, bearer: try bench.token())
            defer { client.close() }
            for _ in 1...150 { try await client.send(#"{"type":"ping"}"#) }
            #expect(try await client.closeCode() == 1008)
        }
    }

    @Test func anUpgradeWithABadCredentialOrFromAStrangersPageIsRefused() async throws {
        try await withBench { bench in
            for (bearer, origin, status) in [
                ("nonsense", nil, 401), (try bench.token(), "https://evil.test", 403), (try bench.token(), "null", 403),
            ] as [(String, String?, Int)] {
                do {
                    _ = try await SocketClient.open(
                        bench.gateway, bearer: bearer, headers: origin.map { [("Origin", $0)] } ?? [])
                    Issue.record("opened from \(origin ?? "nowhere")")
                } catch SocketClient.Problem.refused(let answer) {
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
                }
            }
            let own = try await SocketClient.open(
                bench.gateway, bearer: try bench.token(), headers: [("Origin", "http://nexus.test")])
            own.close()
            #expect(try await bench.send(.get, "/ws", bearer: try bench.token()).status == 426)
        }
    }

    @Test func aCredentialThatIsRevokedEndsTheConnectionBeforeTheNextEvent() async throws {
        try await withBench { bench in
            let made = try await bench.makeKey(role: "viewer")
            let client = try await SocketClient.open(bench.gateway, bearer: made.key)
            defer { client.close() }
            _ = try await client.subscribe("workspace:default")
            #expect(try await bench.send(.delete, "/auth/api-keys/\(made.id)", bearer: try bench.token(.owner)).status == 204)
            try await bench.tell(.board, "issue.created", "i1")
            do {
                _ = try await client.next()
                Issue.record("heard of an event")
            } catch {
                // The next frame was no message.
            }
        }
    }

    @Test func aCredentialThatExpiresEndsAQuietConnection() async throws {
        var limits = SocketLimits()
        limits.checkInterval = .milliseconds(100)
        try await withBench(limits: limits) { bench in
            // The second that clocks may differ by comes on top.
            let client = try await SocketClient.open(bench.gateway, bearer: try bench.token(seconds: 0.2))
            defer { client.close() }
            #expect(try await client.closeCode() == 1008)
        }
    }

    @Test func aSlowReaderIsClosedAndHoldsUpNobody() async throws {
        try await withBench { bench in
            let slow = try await SocketClient.open(bench.gateway, bearer: try bench.token())
            defer { slow.close() }
            _ = try await slow.subscribe("workspace:default")
            let quick = try await bench.stream(bearer: try bench.token())
            let data = "{\"text\":\"" + String(repeating: "x", count: 60_000) + "\"}"
            try await bench.tellMany(.board, "issue.updated", 200, data: data)
            #expect(await quick.events(200).count == 200)
            #expect(try await slow.closeCode() == 1013)
            quick.close()
        }
    }

    @Test func theGatewaysEndIsAProperOne() async throws {
        try await withBench { bench in
            let client = try await SocketClient.open(bench.gateway, bearer: try bench.token())
            let closing = Task { try await bench.stopGateway() }
            #expect(try await client.closeCode() == 1001)
            client.close()
            try await closing.value
        }
    }
}
