import HTTP
import Models
import Service

/// The health of the whole suite.
struct SuiteHandlers: Sendable {
    let peers: Peers
    let metrics: Metrics

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

    private static let isUp = Metric.gauge("nexus_service_up", "Whether a service answers.")

    /// The metrics of every service, and the gateway's own: one page to scrape, whether they are one process or ten.
    func prometheus(_ call: Call) async -> Content<TextMedia> {
        let texts = await withTaskGroup(of: (ServiceName, String?).self) { group in
            for name in ServiceName.allCases {
                group.addTask { [peers] in
                    // try?: a service that does not answer is told of by `nexus_service_up`.
                    let bytes = try? await peers.exchange(name, .get, "/metrics", workspace: nil, body: nil)
                    return (name, bytes.map { String(decoding: $0, as: UTF8.self) })
                }
            }
            return await group.reduce(into: [ServiceName: String]()) { $0[$1.0] = $1.1 }
        }
        var text = MetricsText()
        text.merge(metrics.text())
        for name in ServiceName.allCases {
            if let own = texts[name] { text.merge(own) }
            text.add(SuiteHandlers.isUp, labels: "service=\"\(name.rawValue)\"", texts[name] == nil ? "0" : "1")
        }
        return Content(.text(text.text, type: MetricsText.mediaType))
    }

    func readiness(_ call: Call) async -> Readiness {
        let states = await withTaskGroup(of: (String, String).self) { group in
            for name in ServiceName.allCases {
                group.addTask { [peers] in
                    do {
                        _ = try await peers.exchange(name, .get, "/readyz", workspace: nil, body: nil)
                        return (name.rawValue, "ready")
                    } catch {
                        let isOpen = (try? peers.upstream(name))?.isCircuitOpen ?? false  // try?: nobody has said where it is
                        let message = ErrorRendering.serviceError(error).message
                        return (name.rawValue, isOpen ? message + "; circuit open" : message)
                    }
                }
            }
            return await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
        }
        let isReady = states.values.allSatisfy { $0 == "ready" }
        return Readiness(health: Health(status: isReady ? "ready" : "unavailable", services: states))
    }
}
