import HTTP
import Synchronization

/// How many proxied requests were answered how.
final class GatewayMetrics: Sendable {
    private let informational = Atomic<Int>(0)
    private let succeeded = Atomic<Int>(0)
    private let redirected = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)

    func count(_ status: Status) {
        switch status.code {
        case ..<200: informational.wrappingAdd(1, ordering: .relaxed)
        case ..<300: succeeded.wrappingAdd(1, ordering: .relaxed)
        case ..<400: redirected.wrappingAdd(1, ordering: .relaxed)
        case ..<500: refused.wrappingAdd(1, ordering: .relaxed)
        default: failed.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// The counters, by the class of status.
    var values: [(name: String, kind: String, value: Double)] {
        [
            ("nexus_proxied_1xx_total", "counter", Double(informational.load(ordering: .relaxed))),
            ("nexus_proxied_2xx_total", "counter", Double(succeeded.load(ordering: .relaxed))),
            ("nexus_proxied_3xx_total", "counter", Double(redirected.load(ordering: .relaxed))),
            ("nexus_proxied_4xx_total", "counter", Double(refused.load(ordering: .relaxed))),
            ("nexus_proxied_5xx_total", "counter", Double(failed.load(ordering: .relaxed))),
        ]
    }
}
