import HTTP
import Models
import Service

/// The health of the whole suite.
struct SuiteHandlers: Sendable {
    let peers: Peers

    struct Health: Codable, Sendable {
        let status: String
        /// Each service's own word: `ready`, or why it is not.
        var services: [String: String]?
    }

    /// 200 when every service is ready, else 503 with the same body.
    struct Readiness: Answer {
        let health: Health

        static var description: AnswerDescription { AnswerDescription(200, .json(Health.self)) }

        func response(to call: Call) throws -> Response {
            var response = Response.json(
                try JSON.encode(health), status: health.status == "ready" ? .ok : .unavailable)
            if response.status == .unavailable { response.headers.add("retry-after", "1".utf8) }
            return response
        }
    }

    func health(_ call: Call) -> Reply<Health> { Reply(Health(status: "ok")) }

    func readiness(_ call: Call) async -> Readiness {
        let states = await withTaskGroup(of: (String, String).self) { group in
            for name in ServiceName.allCases {
                group.addTask { [peers] in
                    do {
                        _ = try await peers.exchange(name, .get, "/readyz", workspace: nil, body: nil)
                        return (name.rawValue, "ready")
                    } catch {
                        return (name.rawValue, ErrorRendering.serviceError(error).message)
                    }
                }
            }
            return await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
        }
        let isReady = states.values.allSatisfy { $0 == "ready" }
        return Readiness(health: Health(status: isReady ? "ready" : "unavailable", services: states))
    }
}
