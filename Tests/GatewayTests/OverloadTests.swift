import HTTP
import Models
import Service
import Testing

@testable import Gateway

@Suite struct OverloadTests {
    private struct Refusing: Responder {
        func respond(to request: Request) async -> Response {
            // As storage does when too many writes wait.
            ErrorRendering.response(
                ServiceError(.unavailable, "too many writes are waiting: try again", retryAfterSeconds: 1), requestID: nil)
        }
    }

    @Test func aServicesOwnRefusalReachesTheClientWhole() async throws {
        let bench = try await GatewayBench()
        bench.base.directory.connect(.tasks, to: .inProcess(Refusing()))
        let answer = try await bench.send(.post, "/tasks-api", #"{"title":"x"}"#, bearer: bench.token(.editor))
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        #expect(answer.text.contains("too many writes are waiting"))
        await bench.stop()
    }

    @Test func whatCannotBeReachedIsSaidToBeAndCountedOnce() async throws {
        let bench = try await GatewayBench()
        bench.base.directory.connect(.tasks, to: .unix("/nonexistent/socket"))
        let token = try bench.token(.viewer)
        for _ in 0..<8 {
            let answer = try await bench.send(.get, "/tasks-api", bearer: token)
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"] == "1")
            #expect(answer.text.contains("the tasks service is not available"))
        }
        #expect(try await bench.send(.get, "/readyz").text.contains("circuit open"))
        let metrics = try await bench.send(.get, "/metrics", bearer: token).text
        #expect(metrics.contains(#"upstream="tasks"} 1"#))
        await bench.stop()
    }
}
