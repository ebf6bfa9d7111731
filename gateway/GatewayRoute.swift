import HTTP
import Models
import Service

/// A line of the gateway's table: who answers a method of a path, and how long that takes.
final class GatewayRoute: Sendable {
    let owner: GatewayTable.Owner
    let pattern: String
    /// From the request's head to the answer's end.
    let metrics: RouteMetrics
    /// From passing a request on to the answer's head, for all routes of the same service.
    let upstream: RouteMetrics

    init(owner: GatewayTable.Owner, pattern: String, metrics: RouteMetrics, upstream: RouteMetrics) {
        self.owner = owner
        self.pattern = pattern
        self.metrics = metrics
        self.upstream = upstream
    }

    private static let upstreamDuration = Metric(
        "nexus_upstream_request_duration_seconds", .histogram, "From passing a request on to the head of its answer.")

    /// The gateway's router, whose routes are measured.
    static func router(_ metrics: Metrics) -> Router<GatewayRoute> {
        let upstreams = Dictionary(
            uniqueKeysWithValues: ServiceName.allCases.map {
                ($0, metrics.timing(upstreamDuration, label: "upstream", $0.rawValue))
            })
        return GatewayTable.router { method, pattern, owner in
            let name =
                switch owner {
                case .service(let name), .signed(let name): name
                }
            guard let upstream = upstreams[name] else { preconditionFailure("every service is measured") }
            return GatewayRoute(
                owner: owner, pattern: pattern, metrics: metrics.route("\(method.name)", pattern), upstream: upstream)
        }
    }
}
