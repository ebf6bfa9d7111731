import COpenSSL
import Glibc
import Loops
import SuiteTesting
import Testing

@testable import HTTP

/// Who gets in, who does not, and what each side learns of the other.
@Suite(.timeLimit(.minutes(1)))
struct TLSHandshakeTests {
    let tls: TestTLS

    init() throws { tls = try TestTLS() }

    /// What the server has seen of the connection.
    @Sendable static func facts(_ request: Request) -> Response {
        guard let peer = request.tls else { return .text("plain") }
        return .text("\(peer.version) \(peer.isResumed ? "resumed" : "full") \(peer.certificate?.subject ?? "nobody")")
    }

    private func configuration(_ wanted: TLSConfiguration.ClientCertificate) -> TLSConfiguration {
        var configuration = tls.configuration
        configuration.clientAuthoritiesFile = tls.authority.certificateFile
        configuration.clientCertificate = wanted
        return configuration
    }

    private static func ask(_ test: TestServer, _ client: TLSTestClient) async throws -> String {
        let connection = try await test.secureClient(client)
        defer { connection.close() }
        try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let text = try await connection.answer().text
        client.keepSession(of: connection.channel)
        return text
    }

    @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
    func bothVersionsAreSpokenAndResumedOnAnyLoop(version: Int32, name: String) async throws {
        let file = tls.authority.certificateFile
        try await withServer(tls: try TLSServer(tls.configuration)) { request in
            Self.facts(request)
        } _: { test in
            let client = try TLSTestClient(trusting: file, versions: version...version)
            #expect(try await Self.ask(test, client) == "\(name) full nobody")
            // Between two loops, it is next to impossible that the kernel gives the same one all of them.
            for _ in 0..<16 { #expect(try await Self.ask(test, client) == "\(name) resumed nobody") }
        }
    }

    @Test func olderVersionsAreRefused() async throws {
        let file = tls.authority.certificateFile
        let failures = Shared<[TLSError]>([])
        let server = try TLSServer(tls.configuration) { _, error in failures.withLock { $0.append(error) } }
        try await withServer(tls: server) { request in
            Self.facts(request)
        } _: { test in
            for version in [TLS1_VERSION, TLS1_1_VERSION] {
                let client = try TLSTestClient(trusting: file, versions: version...version)
                await #expect(throws: TLSError.self) { try await Self.ask(test, client) }
            }
        }
        #expect(failures.current == [.handshake("unsupported protocol"), .handshake("unsupported protocol")])
    }

    @Test func aProtocolThatIsNotSpokenIsRefusedAndNoneAtAllIsFine() async throws {
        let file = tls.authority.certificateFile
        try await withServer(tls: try TLSServer(tls.configuration)) { request in
            Self.facts(request)
        } _: { test in
            await #expect(throws: TLSError.self) {
                try await Self.ask(test, try TLSTestClient(trusting: file, protocols: ["h2"]))
            }
            for protocols in [["h2", "http/1.1"], []] {
                let client = try TLSTestClient(trusting: file, protocols: protocols)
                #expect(try await Self.ask(test, client) == "TLSv1.3 full nobody")
            }
        }
    }

    @Test func aClientThatMustShowACertificateIsKnownByItOrRefused() async throws {
        let file = tls.authority.certificateFile
        let known = try tls.authority.issue("robot", for: .client)
        let strangers = try TestAuthority("strangers", in: tls.folder)
        let refused = [
            nil, try strangers.issue("stranger", for: .client), try tls.authority.issue("late", for: .client, days: -1),
            try tls.authority.issue("host", for: .server),
        ]
        let failures = Shared(0)
        let server = try TLSServer(configuration(.required)) { _, _ in failures.withLock { $0 += 1 } }
        try await withServer(tls: server) { request in
            Self.facts(request)
        } _: { test in
            for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
                let client = try TLSTestClient(trusting: file, versions: version...version, identity: known)
                #expect(try await Self.ask(test, client).hasSuffix("full CN=robot"))
                #expect(try await Self.ask(test, client).hasSuffix("resumed CN=robot"))
                for identity in refused {
                    let client = try TLSTestClient(trusting: file, versions: version...version, identity: identity)
                    // In TLS 1.3 the client has sent its request by the time it is refused; the alert is what it reads.
                    await #expect(throws: (any Error).self) { try await Self.ask(test, client) }
                }
            }
        }
        #expect(failures.current == 8)
    }

    @Test func aClientThatMayShowACertificateIsRefusedForABadOneOnly() async throws {
        let file = tls.authority.certificateFile
        let known = try tls.authority.issue("robot", for: .client)
        let stranger = try TestAuthority("strangers", in: tls.folder).issue("stranger", for: .client)
        try await withServer(tls: try TLSServer(configuration(.optional))) { request in
            Self.facts(request)
        } _: { test in
            let nobody = try TLSTestClient(trusting: file)
            #expect(try await Self.ask(test, nobody).hasSuffix("nobody"))
            let robot = try TLSTestClient(trusting: file, identity: known)
            #expect(try await Self.ask(test, robot).hasSuffix("CN=robot"))
            await #expect(throws: (any Error).self) {
                try await Self.ask(test, try TLSTestClient(trusting: file, identity: stranger))
            }
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE /x HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n", "P"])
    func plainHTTPIsToldSoInPlainText(text: String) async throws {
        let failures = Shared<[TLSError]>([])
        let server = try TLSServer(tls.configuration) { _, error in failures.withLock { $0.append(error) } }
        try await withServer(tls: server) { request in
            Self.facts(request)
        } _: { test in
            let client = TestClient(channel: try await Channel.connect(to: test.address))
            try await client.send(text)
            client.channel.shutDownWriting()
            let answer = try await client.answer()
            #expect(answer.status == .badRequest)
            #expect(answer.text == "This port speaks HTTPS: use https://\n")
            #expect(try await client.readToEnd().isEmpty)
            client.close()
        }
        #expect(failures.current == [.plainHTTP])
    }

    @Test(arguments: ["\u{16}", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}", "\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}", ""])
    func whatIsNoHandshakeOrNeverEndsIsCut(text: String) async throws {
        var limits = HTTPLimits()
        limits.handshakeTimeout = .milliseconds(200)
        limits.lingerTimeout = .milliseconds(200)
        try await withServer(limits: limits, tls: try TLSServer(tls.configuration)) { request in
            Self.facts(request)
        } _: { test in
            let client = TestClient(channel: try await Channel.connect(to: test.address))
            try await client.send(text)
            _ = try await client.readToEnd()
            client.close()
        }
    }

    @Test func aHandshakeThatDripsIsCutHoweverItDrips() async throws {
        var limits = HTTPLimits()
        limits.handshakeTimeout = .milliseconds(300)
        let why = Shared<TLSError?>(nil)
        let server = try TLSServer(tls.configuration) { _, error in why.withLock { $0 = error } }
        try await withServer(limits: limits, tls: server) { request in
            Self.facts(request)
        } _: { test in
            let client = TestClient(channel: try await Channel.connect(to: test.address))
            // A record of 16,000 bytes that comes a byte at a time.
            try await client.send("\u{16}\u{03}\u{01}\u{3e}\u{7f}\u{01}")
            while why.current == nil {
                // Cut off, the next byte may not be taken: the end is what is waited for.
                try? await client.send("\u{00}")
                try await EventLoop.sleep(for: .milliseconds(20))
            }
            client.close()
        }
        #expect(why.current == .handshake("took too long"))
    }

    @Test func renegotiationIsRefused() async throws {
        let file = tls.authority.certificateFile
        try await withServer(tls: try TLSServer(tls.configuration)) { request in
            Self.facts(request)
        } _: { test in
            let client = try await test.secureClient(try TLSTestClient(trusting: file, versions: TLS1_2_VERSION...TLS1_2_VERSION))
            try await client.renegotiate()
            await #expect(throws: (any Error).self) {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.answer()
            }
            client.close()
        }
    }

    @Test func whatCannotBeUsedIsRefusedByName() throws {
        let other = try tls.authority.issue("other")
        var configuration = tls.configuration
        configuration.keyFile = other.keyFile
        #expect { _ = try TLSServer(configuration) } throws: { "\($0)".hasPrefix("\(other.keyFile): ") }
        configuration = TLSConfiguration(certificateFile: "/nowhere.pem", keyFile: tls.identity.keyFile)
        #expect { _ = try TLSServer(configuration) } throws: { "\($0)".hasPrefix("/nowhere.pem: ") }
        configuration = tls.configuration
        configuration.clientAuthoritiesFile = tls.identity.keyFile
        #expect { _ = try TLSServer(configuration) } throws: { "\($0)".hasPrefix("\(tls.identity.keyFile): ") }
        let certificate = try TLSServer(tls.configuration).certificate
        #expect(certificate.serial == tls.identity.serial)
        #expect(certificate.subject == "CN=server.test")
        #expect(!certificate.isOutOfDate)
    }
}
