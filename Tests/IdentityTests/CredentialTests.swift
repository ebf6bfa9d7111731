import Identity
import Testing

@Suite struct CredentialTests {
    private func kind(authorization: String? = nil, key: String? = nil, cookie: String? = nil) -> Credential.Kind? {
        Credential.from(authorization: authorization?.slice, apiKeyHeader: key?.slice, cookie: cookie?.slice)?.kind
    }

    private func token(authorization: String? = nil, key: String? = nil, cookie: String? = nil) -> String? {
        Credential.from(authorization: authorization?.slice, apiKeyHeader: key?.slice, cookie: cookie?.slice)
            .map { String(decoding: $0.token, as: UTF8.self) }
    }

    @Test func eachHeaderGivesItsCredential() {
        #expect(kind() == nil)
        #expect(kind(authorization: "Bearer a.b.c") == .jwt)
        #expect(kind(authorization: "bearer a.b.c") == .jwt)
        #expect(kind(authorization: "BEARER   a.b.c") == .jwt)
        #expect(kind(authorization: "Bearer nxk_x") == .apiKey)
        #expect(kind(authorization: "Bearer nxa_x") == .agentToken)
        #expect(kind(key: "nxk_x") == .apiKey)
        #expect(kind(cookie: "nexus_session=abc") == .session)
        #expect(token(authorization: "Bearer  a.b.c") == "a.b.c")
        #expect(token(cookie: "a=b; nexus_session=abc; c=d") == "abc")
    }

    @Test func whatStandsWhereACredentialStandsIsNotPassedOver() {
        for value in ["Basic YTpi", "Bearer", "Bearer ", "Bearer   ", "Bearerx", "", "Bea", "token a.b.c"] {
            #expect(kind(authorization: value, cookie: "nexus_session=abc") == .malformed, "\(value)")
        }
        for value in ["", "nxa_x", "a.b.c", " nxk_x"] { #expect(kind(key: value) == .malformed, "\(value)") }
        #expect(kind(authorization: "Bearer " + String(repeating: "x", count: 9000)) == .malformed)
        #expect(kind(cookie: "nexus_session=") == .malformed)
    }

    @Test func theFirstOfTheThreeHeadersCounts() {
        #expect(token(authorization: "Bearer nxk_1", key: "nxk_2", cookie: "nexus_session=3") == "nxk_1")
        #expect(token(key: "nxk_2", cookie: "nexus_session=3") == "nxk_2")
    }

    @Test func aCookieIsFoundByItsWholeName() {
        for value in ["xnexus_session=a", "nexus_sessionx=a", "nexus_session", "Nexus_Session=a", "a=nexus_session", ""] {
            #expect(kind(cookie: value) == nil, "\(value)")
        }
        #expect(token(cookie: "nexus_session=first; nexus_session=second") == "first")
        #expect(token(cookie: "nexus_session=a=b") == "a=b")
    }

    @Test func madeTokensAreWellFormedDifferentAndKeptAsHashes() {
        let keys = (0..<200).map { _ in APIKey.make() }
        #expect(Set(keys.map(\.secret)).count == 200)
        for key in keys {
            #expect(Token.isWellFormed(key.secret.slice, prefix: APIKey.prefix))
            #expect(!Token.isWellFormed(key.secret.slice, prefix: AgentToken.prefix))
            #expect(key.secret.hasPrefix(key.shown) && key.shown.count == 10)
            #expect(key.hash == Token.hash(key.secret.utf8))
            #expect(key.secret.utf8.count == 44)
        }
        let agent = AgentToken.make()
        #expect(agent.secret.hasPrefix("nxa_") && agent.hash == Token.hash(agent.secret.utf8))
        for bad in [
            "nxk_", "nxk_" + String(repeating: "a", count: 39), "nxk_" + String(repeating: "a", count: 41),
            "nxk_" + String(repeating: "-", count: 40),
        ] {
            #expect(!Token.isWellFormed(bad.slice, prefix: APIKey.prefix))
        }
    }
}
