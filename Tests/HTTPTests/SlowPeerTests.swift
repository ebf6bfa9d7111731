import Glibc
import Loops
import Testing

@testable import HTTP

/// Peers that hold a connection by doing next to nothing with it, and peers that are merely slow.
@Suite(.timeLimit(.minutes(1)))
struct SlowPeerTests {
    /// How often a slow peer does something.
    private static let pause = Duration.milliseconds(20)

    private static let gather: @Sendable (Request) async -> Response = { request in
        do {
            return .text("\(try await request.body.collect(upTo: 1 << 24).count)")
        } catch {
            return .text("\(error)", status: (error as? HTTPError)?.status ?? .internalError)
        }
    }

    private static func limits(window: Int, bytesPerSecond: Int) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyTimeout = .milliseconds(window)
        limits.writeTimeout = .milliseconds(window)
        limits.bytesPerSecondMin = bytesPerSecond
        return limits
    }

    @Test(arguments: ["Content-Length: 10000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2710\r\n"])
    func aBodyThatIsDrippedIsCutOff(framing: String) async throws {
        try await withServer(limits: Self.limits(window: 200, bytesPerSecond: 500), Self.gather) { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\n" + framing)
            let dripping = test.group.loops[1].task {
                for _ in 0..<10_000 {
                    try await client.send("x")
                    // Time is what this is about: a client that sends fifty bytes a second.
                    try await EventLoop.sleep(for: Self.pause)
                }
            }
            #expect(try await client.answer().status == .requestTimeout)
            dripping.cancel()
            client.close()
        }
    }

    @Test func aLongUploadThatKeepsTheLeastRateIsTaken() async throws {
        try await withServer(limits: Self.limits(window: 1000, bytesPerSecond: 500), Self.gather) { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15000\r\n\r\n")
            for _ in 0..<150 {
                try await client.send(String(repeating: "x", count: 100))
                // Time is what this is about: a slow line, for several times the window.
                try await EventLoop.sleep(for: Self.pause)
            }
            #expect(try await client.answer().text == "15000")
            client.close()
        }
    }

    @Test func aHandlerThatIsSlowInAskingDoesNotMakeItsClientSlow() async throws {
        try await withServer(limits: Self.limits(window: 2000, bytesPerSecond: 1_000_000)) { request in
            var body = request.body
            var count = 0
            do {
                while let piece = try await body.next() {
                    count += piece.count
                    // Time is what this is about: the handler's, which is not the client's.
                    try await EventLoop.sleep(for: .milliseconds(600))
                }
            } catch {
                return .text("\(error)", status: .internalError)
            }
            return .text("\(count)")
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n")
            try await client.send(String(repeating: "x", count: 400_000))
            #expect(try await client.answer().text == "400000")
            client.close()
        }
    }

    /// Reads `bytes` every now and then until the connection ends. How many came.
    private static func sip(_ client: TestClient, _ bytes: Int) async -> Int {
        var received = 0
        do {
            while true {
                let piece = try await client.channel.readSome(upTo: bytes)
                if piece.isEmpty { return received }
                received += piece.count
                // Time is what this is about: a reader that takes little at a time.
                try await EventLoop.sleep(for: pause)
            }
        } catch {
            return received
        }
    }

    private static let large = [UInt8](repeating: 120, count: 24 << 20)

    private static func answering(_ target: [UInt8], file: String) -> Response {
        switch target {
        case Array("/bytes".utf8): Response(.ok, body: .bytes(large))
        case Array("/file".utf8): Response(.ok, body: .file(FileRegion(path: file, offset: 0, length: large.count)))
        default:
            Response(
                .ok,
                body: .stream(
                    ResponseStream(length: large.count) { writer in
                        for start in stride(from: 0, to: large.count, by: 1 << 20) {
                            try await writer.write(Array(large[start..<(start + (1 << 20))]))
                        }
                    }))
        }
    }

    private static func makeFile() throws -> String {
        let path = "/tmp/nexus-slow-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        try #require(file >= 0)
        ftruncate(file, off_t(large.count))
        close(file)
        return path
    }

    @Test(arguments: ["/bytes", "/file", "/stream"])
    func aReaderThatSipsIsCutOffAndWhatWasHeldForItIsLetGo(target: String) async throws {
        let file = try Self.makeFile()
        defer { unlink(file) }
        try await withServer(limits: Self.limits(window: 200, bytesPerSecond: 2_000_000)) { request in
            Self.answering(request.target, file: file)
        } _: { test in
            let client = try await test.client()
            try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            let sipping = test.group.loops[1].task { await Self.sip(client, 1000) }
            while test.server.connections == 0 { await EventLoop.yield() }
            while test.server.connections > 0 { await EventLoop.yield() }
            #expect(test.server.heldBytes == 0)
            client.close()
            #expect(await sipping.value < Self.large.count)
        }
    }

    // Over TLS a read gives a record at most, so this reader would be far slower than it means to be.
    @Test(.disabled(if: TestTLS.isForAll), arguments: ["/bytes", "/file", "/stream"])
    func aSteadyReaderOfALargeAnswerGetsAllOfIt(target: String) async throws {
        let file = try Self.makeFile()
        defer { unlink(file) }
        try await withServer(limits: Self.limits(window: 1000, bytesPerSecond: 500_000)) { request in
            Self.answering(request.target, file: file)
        } _: { test in
            let client = try await test.client()
            try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(await Self.sip(client, 512 * 1024) > Self.large.count)
            client.close()
        }
    }
}
