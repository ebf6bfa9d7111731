import HTTP
import Models
import Testing

@testable import Gateway

@Suite struct RateLimitTests {
    private static let wrong = #"{"username":"admin","password":"not it at all"}"#

    @Test func everyAnswerSaysWhatIsLeftAndTheLastWhenToComeAgain() async throws {
        let bench = try await GatewayBench(rateLimit: 0.01)
        let token = try bench.token(.viewer)
        let answer = try await bench.send(.get, "/agents-api", bearer: token)
        // There is no such service on this bench; what is not there counts all the same.
        #expect(answer.status == 503)
        #expect(answer.headers["ratelimit-policy"] == #""caller";q=1;w=100"#)
        #expect(answer.headers["ratelimit"] == #""caller";r=0;t=100"#)
        #expect(answer.headers["retry-after"] == "1")
        let refused = try await bench.send(.get, "/agents-api", bearer: token)
        #expect(refused.status == 429)
        let seconds = Int(refused.headers["retry-after"] ?? "") ?? 0
        #expect((50...100).contains(seconds))
        #expect(refused.headers["ratelimit"] == #""caller";r=0;t=\#(seconds)"#)
        #expect(refused.text.contains("rate_limited"))
        await bench.stop()
    }

    @Test func aNewTokenOfTheSameUserDoesNotFillTheBucketAgain() async throws {
        let bench = try await GatewayBench(rateLimit: 0.001)
        #expect(try await bench.send(.get, "/agents-api", bearer: bench.token(.viewer)).status == 503)
        #expect(try await bench.send(.get, "/agents-api", bearer: bench.token(.editor)).status == 429)
        let key = try await bench.key(.viewer, scopes: nil)
        #expect(try await bench.send(.get, "/agents-api", bearer: key).status == 503)
        await bench.stop()
    }

    @Test func withoutACredentialTheAddressCounts() async throws {
        let bench = try await GatewayBench(rateLimit: 0.001)
        let first = try await bench.send(.get, "/agents-api")
        #expect(first.status == 401)
        #expect(first.headers["ratelimit-policy"] == #""address";q=1;w=1000"#)
        #expect(try await bench.send(.get, "/agents-api", bearer: "nonsense").status == 429)
        #expect(try await bench.send(.get, "/healthz").status == 429)
        #expect(try await bench.send(.get, "/agents-api", from: "192.0.2.2").status == 401)
        #expect(try await bench.send(.get, "/agents-api", from: "2001:db8::1").status == 401)
        #expect(try await bench.send(.get, "/agents-api", from: "2001:db8::2").status == 429)
        #expect(try await bench.send(.get, "/agents-api", bearer: bench.token(.viewer)).status == 503)
        await bench.stop()
    }

    @Test func withoutALimitNothingIsSaidOfIt() async throws {
        let bench = try await GatewayBench(rateLimit: 0)
        let answer = try await bench.send(.get, "/agents-api", bearer: bench.token(.viewer))
        #expect(answer.headers["ratelimit"] == nil)
        #expect(answer.headers["ratelimit-policy"] == nil)
        await bench.stop()
    }

    @Test func guessingAtAPasswordWaitsLongerAndLongerWhetherOrNotThereIsSuchAUser() async throws {
        let bench = try await GatewayBench()
        for name in ["admin", "nobody"] {
            let guess = #"{"username":"\#(name)","password":"not it at all"}"#
            for _ in 0..<5 {
                let answer = try await bench.send(.post, "/auth/login", guess)
                #expect(answer.status == 401)
                #expect(answer.text.contains("the username or the password is wrong"))
            }
            let refused = try await bench.send(.post, "/auth/login", guess)
            #expect(refused.status == 429)
            #expect(refused.headers["retry-after"] == "1")
            #expect(try await bench.send(.post, "/auth/login", guess, from: "192.0.2.9").status == 401)
        }
        await bench.stop()
    }

    @Test func oneAddressMayTryToSignInOnlySoOften() async throws {
        let bench = try await GatewayBench(loginsPerMinute: 3)
        for _ in 0..<2 { #expect(try await bench.send(.post, "/auth/login", Self.wrong).status == 401) }
        let renewal = #"{"refresh_token":"nxr_nothing"}"#
        #expect(try await bench.send(.post, "/auth/refresh", renewal).status == 401)
        let refused = try await bench.send(.post, "/auth/refresh", renewal)
        #expect(refused.status == 429)
        #expect((1...20).contains(Int(refused.headers["retry-after"] ?? "") ?? 0))
        #expect(try await bench.send(.post, "/auth/login", Self.wrong).status == 429)
        #expect(try await bench.send(.post, "/auth/login", Self.wrong, from: "192.0.2.3").status == 401)
        await bench.stop()
    }

    @Test func aTrustedProxysWordCountsAndNobodyElses() async throws {
        let bench = try await GatewayBench(rateLimit: 0.001, proxies: "10.0.0.0/8")
        let said = [("x-forwarded-for", "203.0.113.5")]
        #expect(try await bench.send(.get, "/agents-api", headers: said, from: "10.0.0.1").status == 401)
        #expect(try await bench.send(.get, "/agents-api", headers: said, from: "10.0.0.2").status == 429)
        #expect(try await bench.send(.get, "/agents-api", headers: said, from: "192.0.2.1").status == 401)
        #expect(try await bench.send(.get, "/agents-api", from: "192.0.2.1").status == 429)
        #expect(try await bench.send(.get, "/agents-api", from: "203.0.113.5").status == 429)
        await bench.stop()
    }
}
