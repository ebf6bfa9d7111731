import HTTP
import Identity
import Models
import Service
import Testing

/// What a service run alone makes of a request.
@Suite struct RequestAuthenticatorTests {
    private func request(_ headers: [(String, String)], _ method: Method = .post, from address: String = "127.0.0.1") -> Request {
        var request = Request(method, "/tasks-api")
        for (name, value) in headers { request.headers.add(name, value) }
        request.peer = .tcp(address: address, port: 4711)
        return request
    }

    @Test func withoutAGatewayASessionsWritesNeedTheirTokenToo() async throws {
        let fixture = try await StoreFixture()
        let signedIn = try await fixture.signIn(withSession: true)
        let base = try SuiteBase(
            ServiceConfiguration(dataDirectory: fixture.path), clock: WallClock { StoreFixture.now },
            log: Log(service: "test", write: Log.silent))
        let authenticator = RequestAuthenticator(verifier: base.verifier, clock: base.clock, direct: try base.directCredentials())
        let cookie = ("cookie", "nexus_session=\(try #require(signedIn.sessionCookie))")
        #expect(try await authenticator.principal(of: request([cookie], .get))?.id == signedIn.user.id)
        #expect(
            try await authenticator.principal(of: request([cookie, ("x-csrf-token", signedIn.csrfToken)]))?.id == signedIn.user.id
        )
        #expect(await errorKind { _ = try await authenticator.principal(of: request([cookie])) } == .forbidden)
        let bearer = ("authorization", "Bearer \(signedIn.accessToken)")
        #expect(try await authenticator.principal(of: request([bearer]))?.id == signedIn.user.id)
    }

    @Test func behindAGatewayOnlyTheSignedPrincipalCounts() async throws {
        let fixture = try await StoreFixture()
        let key = fixture.keys.assertion
        let authenticator = RequestAuthenticator(verifier: AssertionVerifier(key: key))
        let token = try await fixture.signIn().accessToken
        #expect(try await authenticator.principal(of: request([("authorization", "Bearer \(token)")])) == nil)
        #expect(try await authenticator.principal(of: request([("host", "localhost")])) == nil)
        for forged in ["", "a.b", token] {
            let forgery = request([("x-nexus-principal", forged), ("authorization", "Bearer \(token)")])
            #expect(await errorKind { _ = try await authenticator.principal(of: forgery) } == .unauthenticated)
        }
        let signed = try AssertionSigner(key: key).header(for: .service("runs"), now: WallClock.system.now())
        let genuine = request([("x-nexus-principal", String(decoding: signed, as: UTF8.self))])
        #expect(try await authenticator.principal(of: genuine)?.id == "runs")
    }

    @Test(arguments: [
        ("127.0.0.1", "localhost:8081", nil, true), ("127.0.0.1", "127.0.0.1:8081", "http://localhost:8080", true),
        ("::1", "[::1]:8081", nil, true), ("127.0.0.1", nil, nil, true),
        ("127.0.0.1", "localhost", "https://evil.example", false),
        ("127.0.0.1", "localhost", "null", false), ("127.0.0.1", "evil.example:8081", nil, false),
        ("127.0.0.1", "127.evil.example", nil, false), ("127.0.0.1", "localhost.evil.example", nil, false),
        ("127.0.0.1", "localhost", "http://localhost.evil.example", false), ("192.0.2.1", "localhost", nil, false),
    ])
    func insecureLocalMeansThisMachineAndNoOtherSitesPage(address: String, host: String?, origin: String?, isOwner: Bool)
        async throws
    {
        let authenticator = RequestAuthenticator(
            verifier: AssertionVerifier(key: SuiteKeys.ephemeral().assertion), isInsecureLocal: true)
        let headers = [host.map { ("host", $0) }, origin.map { ("origin", $0) }].compactMap { $0 }
        let principal = try await authenticator.principal(of: request(headers, from: address))
        #expect((principal?.role(in: "default") == .owner) == isOwner)
        #expect((principal != nil) == isOwner)
    }
}
