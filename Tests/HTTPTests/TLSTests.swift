import COpenSSL
import Glibc
import SuiteTesting
import Testing

@testable import HTTP
@testable import Loops

extension TestClient {
    /// Asks for new keys on both sides (RFC 8446 §4.6.3).
    func updateKeys() async throws {
        let session = try #require(channel.session)
        try #require(SSL_key_update(session.ssl, Int32(SSL_KEY_UPDATE_REQUESTED)) == 1)
        while session.shakeHands() == .wantsWrite { try await channel.waitWritable() }
    }

    /// Begins another handshake on a connection of TLS 1.2.
    func renegotiate() async throws {
        let session = try #require(channel.session)
        try #require(SSL_renegotiate(session.ssl) == 1)
        while session.shakeHands() == .wantsWrite { try await channel.waitWritable() }
    }
}

/// What HTTP does, over TLS.
@Suite(.timeLimit(.minutes(1)))
struct TLSTests {
    let tls: TestTLS
    let server: TLSServer

    init() throws {
        tls = try TestTLS()
        server = try TLSServer(tls.configuration)
    }

    private var clientTLS: TLSTestClient {
        get throws { try TLSTestClient(trusting: tls.authority.certificateFile) }
    }

    /// A pattern in which a block that is missing, doubled or out of its place is seen.
    private static func pattern(_ count: Int) -> [UInt8] {
        let block = (0..<251).map { UInt8($0) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + block.count + 8)
        while bytes.count < count {
            let number = UInt64(bytes.count)
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
            bytes += block
        }
        return Array(bytes.prefix(count))
    }

    @Test func pipelinedRequestsAreAnsweredInOrderOnOneConnection() async throws {
        let file = tls.authority.certificateFile
        try await withServer(tls: server) { request in
            .text(String(decoding: request.target, as: UTF8.self))
        } _: { test in
            let client = try await test.secureClient(try TLSTestClient(trusting: file))
            try await client.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<100 { #expect(try await client.answer().text == "/\(number)") }
            client.close()
        }
    }

    @Test(arguments: [1, 5_000, 16_384, 16_385, 100_000, 1_500_000])
    func contentComesAndGoesWhole(count: Int) async throws {
        let file = tls.authority.certificateFile
        try await withServer(tls: server) { request in
            var body = request.body
            var content: [UInt8] = []
            do {
                while let piece = try await body.next() { content += piece }
            } catch {
                return .text("\(error)", status: .badRequest)
            }
            return Response(.ok, body: .bytes(content))
        } _: { test in
            let content = Self.pattern(count)
            let client = try await test.secureClient(try TLSTestClient(trusting: file))
            for _ in 0..<2 {
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\nExpect: 100-continue\r\n\r\n")
                if count > 0 { _ = try await client.read(until: "HTTP/1.1 100 Continue\r\n\r\n") }
                async let sending: Void = client.channel.writeAll(content, .seconds(20))
                #expect(try await client.answer().content == content)
                try await sending
            }
            client.close()
        }
    }

    @Test func filesAndStreamsReachASlowReaderWhole() async throws {
        let content = Self.pattern(8_000_000)
        let path = "\(tls.folder)/content"
        let file = try #require(fopen(path, "w"))
        fwrite(content, 1, content.count, file)
        fclose(file)
        let authority = tls.authority.certificateFile
        try await withServer(tls: server) { request in
            if request.target == Array("/file".utf8) {
                return Response(.ok, body: .file(FileRegion(path: path, offset: 1_000, length: content.count - 1_000)))
            }
            return Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        for start in stride(from: 1_000, to: content.count, by: 70_001) {
                            try await writer.write(Array(content[start..<min(content.count, start + 70_001)]))
                        }
                    }))
        } _: { test in
            for target in ["/file", "/stream"] {
                let client = try await test.secureClient(try TLSTestClient(trusting: authority))
                try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                // The socket's buffers are full by now, with a record that was taken in part: it goes on where it stopped.
                try await EventLoop.sleep(for: .milliseconds(100))  // Time is what makes a reader slow.
                #expect(try await client.answer().content == Array(content[1_000...]))
                client.close()
            }
        }
    }

    @Test func newKeysAreTakenWhileContentGoesBothWays() async throws {
        let file = tls.authority.certificateFile
        try await withServer(tls: server) { request in
            let body = Shared(request.body)
            return Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        var content = body.current
                        while let piece = try await content.next() { try await writer.write(piece) }
                    }))
        } _: { test in
            let client = try await test.secureClient(
                try TLSTestClient(trusting: file, versions: TLS1_3_VERSION...TLS1_3_VERSION))
            let content = Self.pattern(200_000)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(20 * content.count)\r\n\r\n")
            async let sending: Void = {
                for _ in 0..<20 {
                    try await client.updateKeys()
                    try await client.channel.writeAll(content, .seconds(20))
                }
            }()
            #expect(try await client.answer().content == (0..<20).flatMap { _ in content })
            try await sending
            client.close()
        }
    }

    @Test func theEndIsSaidBeforeItComes() async throws {
        let file = tls.authority.certificateFile
        try await withServer(tls: server) { _ in
            .text("ok")
        } _: { test in
            let client = try await test.secureClient(try TLSTestClient(trusting: file))
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await client.readToEnd().hasSuffix("ok"))
            let session = try #require(client.channel.session)
            #expect(SSL_get_shutdown(session.ssl) & SSL_RECEIVED_SHUTDOWN != 0)
            client.close()
        }
    }

    @Test func aClientThatVanishesCancelsItsHandler() async throws {
        let file = tls.authority.certificateFile
        let begun = Signal()
        let ended = Signal()
        try await withServer(tls: server) { _ in
            begun.fire()
            // try?: that it ends is what is waited for.
            try? await untilCancelled()
            ended.fire()
            return .text("")
        } _: { test in
            let client = try await test.secureClient(try TLSTestClient(trusting: file))
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            client.resetOnClose()
            client.channel.session = nil
            client.close()
            await ended.wait()
        }
    }

    @Test func drainingLetsWhatIsUnderWayFinishAndEndsHandshakes() async throws {
        let gate = Signal()
        let begun = Signal()
        let file = tls.authority.certificateFile
        try await withServer(tls: server) { _ in
            begun.fire()
            await gate.wait()
            return .text("done")
        } _: { test in
            let client = try await test.secureClient(try TLSTestClient(trusting: file))
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            let silent = try await Channel.connect(to: test.address)
            let draining = test.group.loops[0].task { await test.server.shutdown(within: .milliseconds(500)) }
            gate.fire()
            #expect(try await client.answer().text == "done")
            #expect(try await client.readToEnd().isEmpty)
            await draining.value
            #expect(test.server.connections == 0)
            silent.close()
            client.close()
        }
    }

    @Test func aNewCertificateDisturbsNoConnection() async throws {
        let renewed = try tls.authority.issue("server.test", file: "renewed")
        let old = tls.identity
        let isDone = Shared(false)
        let file = tls.authority.certificateFile
        try await withServer(tls: server) { [server] request in
            if request.target == Array("/reload".utf8) {
                do {
                    try server.reload()
                    return .text("reloaded")
                } catch {
                    return .text("\(error)", status: .badRequest)
                }
            }
            guard request.target == Array("/stream".utf8) else { return .text("ok") }
            return Response(
                .ok,
                body: .stream(
                    ResponseStream { writer in
                        while !isDone.current {
                            try await writer.write(Array("line\n".utf8))
                            // A stream that is quiet now and then, as they are.
                            try await EventLoop.sleep(for: .milliseconds(10))
                        }
                    }))
        } _: { test in
            func ask(_ client: TestClient, _ target: String = "/") async throws -> Answer {
                try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                return try await client.answer()
            }
            let steady = try await test.secureClient(try TLSTestClient(trusting: file))
            let stream = try await test.secureClient(try TLSTestClient(trusting: file))
            try await stream.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await stream.read(until: "line\n")
            #expect(steady.serial == old.serial)

            // What cannot be used changes nothing.
            try TestAuthority.replace(old, by: try tls.authority.issue("elsewhere", file: "elsewhere"))
            unlink(old.keyFile)
            let refusal = try await ask(steady, "/reload")
            #expect(refusal.status == .badRequest)
            #expect(refusal.text.contains(old.keyFile))
            #expect(try await test.secureClient(try TLSTestClient(trusting: file)).closing().serial == old.serial)

            try TestAuthority.replace(old, by: renewed)
            #expect(try await ask(steady, "/reload").text == "reloaded")
            for _ in 0..<8 {
                let fresh = try await test.secureClient(try TLSTestClient(trusting: file))
                #expect(fresh.serial == renewed.serial)
                #expect(try await ask(fresh).text == "ok")
                #expect(try await ask(steady).text == "ok")
                fresh.close()
            }
            isDone.withLock { $0 = true }
            _ = try await stream.read(until: "0\r\n\r\n")
            stream.close()
            steady.close()
        }
    }
}

extension TestClient {
    /// The serial number of the certificate that the server has shown.
    var serial: String? {
        guard let session = channel.session, let shown = SSL_get0_peer_certificate(session.ssl) else { return nil }
        return TLSCertificate(shown).serial
    }

    /// Itself, closed; what TLS has told stays known.
    func closing() throws -> (serial: String?, Void) {
        defer { close() }
        return (serial, ())
    }
}
