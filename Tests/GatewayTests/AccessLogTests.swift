import Glibc
import HTTP
import Loops
import Models
import Service
import SuiteTesting
import Synchronization
import Testing

@testable import Gateway

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The line that each request leaves.
@Suite(.timeLimit(.minutes(1)))
struct AccessLogTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    @Test func aLineTellsWhoAskedWhatOfWhomAndHowItWent() async throws {
        let gateway = try await ListeningGateway { request in
            _ = try? await request.body.collect(upTo: 1 << 20)  // try?: what cannot be read is not counted
            return .json(Array("{\"id\":\"agent_x\"}".utf8), status: .created)
        }
        let answer = try await gateway.send(
            .post, "/agents-api/x?token=secret",
            headers: [
                try gateway.bearer(), ("x-request-id", "mine-1"), ("traceparent", "00-\(Self.trace)-00f067aa0ba902b7-00"),
                ("user-agent", "test \"agent\"\\\u{e9}"),
            ], body: "{\"name\":1}")
        #expect(answer.status == 201)
        #expect(answer.header("x-request-id") == "mine-1")
        let returned = try #require(answer.header("traceparent").flatMap { TraceContext($0) })
        #expect(returned.traceID == Self.trace)
        try await gateway.stop()

        let line = try #require(try gateway.lines().first)
        #expect(line.requestID == "mine-1")
        #expect(line.traceID == Self.trace)
        #expect(line.method == "POST")
        #expect(line.path == "/agents-api/x")
        #expect(line.route == "/agents-api/{rest...}")
        #expect(line.principal == "user:operator")
        #expect(line.workspace == "default")
        #expect(line.upstream == "agents")
        #expect(line.status == 201)
        #expect(line.bytesIn == 10)
        #expect(line.bytesOut == 16)
        #expect(line.userAgent == "test \"agent\"\\\u{c3}\u{a9}")
        #expect(line.aborted == nil)
        #expect(line.peer.hasPrefix("127.0.0.1:"))
        let upstream = try #require(line.upstreamMilliseconds)
        #expect(upstream > 0 && upstream <= line.durationMilliseconds)
    }

    @Test func refusalsTheGatewaysOwnAnswersAndWhatIsNoRequestLeaveLinesToo() async throws {
        let gateway = try await ListeningGateway { _ in Response(.ok) }
        #expect(try await gateway.send(.get, "/agents-api").status == 401)
        #expect(try await gateway.send(.get, "/healthz").status == 200)
        #expect(try await gateway.send(.get, "/tasks-api", headers: [try gateway.bearer()]).status == 503)
        #expect(try await gateway.send(.get, "/auth/me", headers: [try gateway.bearer()]).status == 200)
        let address = gateway.process.address
        try await gateway.onLoop {
            let channel = try await Channel.connect(to: address)
            try await channel.writeAll(Array("NONSENSE \r\n\r\n".utf8), .seconds(5))
            while try await !channel.readSome(upTo: 4096, .seconds(5)).isEmpty {}
            channel.close()
        }
        try await gateway.stop()
        // Two loops write in turns: the order is of no account.
        let lines = try gateway.lines()
        #expect(Set(lines.map { $0.status }) == [401, 200, 503, 400])
        #expect(lines.count == 5)
        #expect(lines.contains { $0.route == "/healthz" && $0.upstream == nil })
        #expect(lines.contains { $0.route == "/auth/me" && $0.principal == "user:operator" })
        #expect(lines.contains { $0.status == 400 && $0.method == nil && $0.path == nil })
        #expect(lines.allSatisfy { $0.requestID.hasPrefix("req_") && $0.traceID.count == 32 })
    }

    @Test func aStreamLeavesItsLineWhenItEnds() async throws {
        let gateway = try await ListeningGateway { _ in
            let stream = ResponseStream { writer in
                for _ in 0..<5 { try await writer.write(Array("data: x\n\n".utf8)) }
            }
            return Response(.ok, body: .stream(stream))
        }
        let answer = try await gateway.send(.get, "/agents-api/stream", headers: [try gateway.bearer()])
        #expect(answer.bytes.count == 45)
        try await gateway.stop()
        #expect(try #require(try gateway.lines().first).bytesOut == 45)
    }

    @Test func aClientThatLeavesIsMarked() async throws {
        let gateway = try await ListeningGateway { _ in
            let stream = ResponseStream(isEndless: true) { writer in
                while true { try await writer.write([UInt8](repeating: 65, count: 64 * 1024)) }
            }
            return Response(.ok, body: .stream(stream))
        }
        let (name, value) = try gateway.bearer()
        let address = gateway.process.address
        try await gateway.onLoop {
            let channel = try await Channel.connect(to: address)
            try await channel.writeAll(
                Array("GET /agents-api/x HTTP/1.1\r\nHost: a\r\n\(name): \(value)\r\n\r\n".utf8), .seconds(5))
            _ = try await channel.readSome(upTo: 4096, .seconds(5))
            channel.close()
        }
        try await gateway.stop()
        #expect(try #require(try gateway.lines().first).aborted == true)
    }

    @Test func theServiceIsToldTheIdAndTheTraceAndNotWhatTheClientMadeUp() async throws {
        let seen = Mutex<[Headers]>([])
        let gateway = try await ListeningGateway { request in
            seen.withLock { $0.append(request.headers) }
            return Response(.ok)
        }
        let long = String(repeating: "a", count: 513)
        for headers in [
            [("traceparent", "00-\(Self.trace)-00f067aa0ba902b7-01"), ("tracestate", "vendor=1")],
            [("traceparent", "00-\(Self.trace)-00f067aa0ba902b7-01"), ("tracestate", long)],
            [("traceparent", "nonsense"), ("tracestate", "vendor=1"), ("x-request-id", "not one!")], [],
        ] {
            _ = try await gateway.send(.get, "/agents-api", headers: headers + [try gateway.bearer()])
        }
        try await gateway.stop()
        let heads = seen.withLock { $0 }
        #expect(heads.count == 4)
        let contexts = try heads.map { try #require(TraceContext(of: $0)) }
        #expect(contexts.map { $0.traceID == Self.trace } == [true, true, false, false])
        #expect(contexts.allSatisfy { $0.spanID != 0x00f0_67aa_0ba9_02b7 })
        #expect(contexts.map(\.isSampled) == [true, true, false, false])
        #expect(heads.map { $0["tracestate"] } == ["vendor=1", nil, nil, nil])
        for head in heads {
            #expect(head.count("x-request-id") == 1)
            #expect(head["x-request-id"]?.hasPrefix("req_") == true)
        }
    }

    @Test func aFileThatWasMovedAwayIsOpenedAnew() async throws {
        let gateway = try await ListeningGateway { _ in Response(.ok) }
        let path = "\(gateway.folder)/log/access.log"
        _ = try await gateway.send(.get, "/healthz")
        // The line is written soon, by itself: the log is not closed here.
        while (try gateway.lines()).isEmpty { await Task.yield() }
        rename(path, path + ".moved")
        gateway.process.reload()
        _ = try await gateway.send(.get, "/readyz")
        try await gateway.stop()
        #expect(try gateway.lines("access.log.moved").map(\.path) == ["/healthz"])
        #expect(try gateway.lines().map(\.path) == ["/readyz"])
    }
}
