import HTTP
import SuiteTesting
import Testing

@testable import Gateway

/// Which pages may call, and what they and their browsers are told.
struct OriginTests {
    static let listed = "https://app.example.com"

    private func gateway(_ origins: String?) async throws -> ListeningGateway {
        let policy = try origins.map { try #require(OriginPolicy($0)) }
        return try await ListeningGateway { configuration in
            if let policy { configuration.origins = policy }
        } service: { _ in
            .json(Array(#"{"agents":[]}"#.utf8))
        }
    }

    private static let preflight = [
        ("access-control-request-method", "PATCH"), ("access-control-request-headers", "authorization,if-match"),
    ]

    private static func cors(_ answer: TestAnswer) -> [String] {
        answer.response.headers.fields.map { String(decoding: answer.response.headers.bytes[$0.name], as: UTF8.self) }
            .filter { $0.hasPrefix("access-control-") }
    }

    @Test func aPreflightOfAListedOriginIsAnsweredWithoutACredential() async throws {
        let gateway = try await gateway("\(Self.listed),http://localhost:5173")
        for target in ["/agents-api/x", "/auth/me", "/auth/login", "/api/projects"] {
            let answer = try await gateway.send(.options, target, headers: [("origin", Self.listed)] + Self.preflight)
            #expect(answer.status == 204)
            #expect(answer.header("access-control-allow-origin") == Self.listed)
            #expect(answer.header("access-control-allow-credentials") == "true")
            #expect(answer.header("access-control-allow-methods")?.contains("PATCH") == true)
            #expect(answer.header("access-control-allow-headers")?.contains("If-Match") == true)
            #expect(answer.header("access-control-max-age") == "600")
            #expect(answer.header("vary") == "Origin")
            #expect(answer.header("x-request-id") != nil)
        }
        let nowhere = try await gateway.send(.options, "/nowhere", headers: [("origin", Self.listed)] + Self.preflight)
        #expect(nowhere.status == 401)
        try await gateway.stop()
        #expect(try gateway.lines().contains { $0.method == "OPTIONS" && $0.status == 204 })
    }

    @Test func answersAndErrorsAreForListedOriginsOnly() async throws {
        let gateway = try await gateway(Self.listed)
        let bearer = try gateway.bearer()
        let answer = try await gateway.send(.get, "/agents-api", headers: [("origin", Self.listed), bearer])
        #expect(answer.status == 200)
        #expect(answer.header("access-control-allow-origin") == Self.listed)
        #expect(answer.header("access-control-expose-headers")?.contains("Idempotent-Replayed") == true)
        let refused = try await gateway.send(.get, "/agents-api", headers: [("origin", Self.listed)])
        #expect(refused.status == 401)
        #expect(refused.header("access-control-allow-origin") == Self.listed)
        let origins = ["https://evil.example", "https://app.example.com.evil.example", "HTTPS://APP.EXAMPLE.COM", "null"]
        for origin in origins {
            let answer = try await gateway.send(.get, "/agents-api", headers: [("origin", origin), bearer])
            #expect(answer.status == 200)
            #expect(Self.cors(answer).isEmpty)
            #expect(answer.header("vary") == "Origin")
            let preflight = try await gateway.send(.options, "/agents-api", headers: [("origin", origin)] + Self.preflight)
            #expect(preflight.status == 401)
            #expect(Self.cors(preflight).isEmpty)
        }
        #expect(try await gateway.send(.get, "/agents-api", headers: [bearer]).header("vary") == "Origin")
        try await gateway.stop()
    }

    @Test func anyOriginMayCallButNotInASignedInUsersName() async throws {
        let gateway = try await gateway("*")
        let answer = try await gateway.send(
            .get, "/agents-api", headers: [("origin", "https://any.example"), try gateway.bearer()])
        #expect(answer.header("access-control-allow-origin") == "*")
        #expect(answer.header("access-control-allow-credentials") == nil)
        #expect(answer.header("vary") == nil)
        try await gateway.stop()
    }

    @Test func noOriginMayCallUnlessTheOperatorSaysSo() async throws {
        let gateway = try await gateway(nil)
        let answer = try await gateway.send(.get, "/agents-api", headers: [("origin", Self.listed), try gateway.bearer()])
        #expect(answer.status == 200)
        #expect(Self.cors(answer).isEmpty)
        #expect(answer.header("vary") == nil)
        try await gateway.stop()
    }

    @Test func whatIsNoListOfOriginsIsRefused() {
        for text in [
            "", ",", "app.example.com", "https://a.example/", "https://", "https://A.example", "*,https://a.example", "null",
        ] {
            #expect(OriginPolicy(text) == nil, "\(text)")
        }
        #expect(OriginPolicy("https://a.example, http://[::1]:8080")?.lists(Array("http://[::1]:8080".utf8)[...]) == true)
    }

    @Test func aConnectionWithoutAPreflightIsForTheGatewaysOwnPagesAndListedOnes() throws {
        func request(_ origin: String?) -> Request {
            var headers = Headers()
            headers.add("host", "nexus.example:8080")
            if let origin { headers.add("origin", origin) }
            return Request(.get, "/ws", headers: headers)
        }
        let policy = try #require(OriginPolicy(Self.listed))
        for origin in [nil, Self.listed, "http://nexus.example:8080", "https://nexus.example:8080"] {
            #expect(policy.admits(request(origin), usesCookie: true))
        }
        for origin in ["https://evil.example", "http://nexus.example", "null", "ftp://nexus.example:8080"] {
            #expect(!policy.admits(request(origin), usesCookie: true))
        }
        let any = try #require(OriginPolicy("*"))
        #expect(any.admits(request("https://evil.example"), usesCookie: false))
        #expect(!any.admits(request("https://evil.example"), usesCookie: true))
    }

    @Test func pagesAreLockedDownAndAnswersAreNotSniffed() async throws {
        let gateway = try await gateway(nil)
        for target in ["/", "/swagger-ui/"] {
            let page = try await gateway.send(.get, target)
            #expect(page.status == 200)
            let policy = try #require(page.header("content-security-policy"))
            #expect(policy.contains("script-src 'self';"))
            #expect(policy.contains("frame-ancestors 'none'"))
            for (name, value) in [
                ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY"),
                ("cross-origin-opener-policy", "same-origin"),
            ] { #expect(page.header(name) == value) }
            #expect(page.header("permissions-policy") != nil)
            #expect(page.header("strict-transport-security") == nil, "browsers pass over it without TLS")
            #expect(!page.text.contains("<script>"))
        }
        let bearer = try gateway.bearer()
        for target in ["/agents-api", "/auth/me", "/nowhere", "/dashboard/nothing", "/dashboard/app.js", "/healthz"] {
            #expect(try await gateway.send(.get, target, headers: [bearer]).header("x-content-type-options") == "nosniff")
        }
        let key = try await gateway.send(.post, "/auth/api-keys", headers: [bearer], body: #"{"name":"ci","role":"viewer"}"#)
        #expect(key.status == 201)
        #expect(key.header("cache-control") == "no-store")
        try await gateway.stop()
    }
}
