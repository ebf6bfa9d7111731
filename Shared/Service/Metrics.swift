import HTTP
import Synchronization

/// Counts and durations of one route, kept without a lock.
final class RouteMetrics: Sendable {
    /// Upper bounds of the histogram, in microseconds.
    static let boundsMicroseconds: [Int] = [1000, 5000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000]

    let method: String
    let pattern: String
    private let classes: [Counter]
    private let buckets: [Counter]
    private let microseconds = Counter()

    /// A number that only rises.
    final class Counter: Sendable {
        private let number = Atomic<Int>(0)

        func add(_ amount: Int = 1) { number.wrappingAdd(amount, ordering: .relaxed) }
        var value: Int { number.load(ordering: .relaxed) }
    }

    init(method: String, pattern: String) {
        self.method = method
        self.pattern = pattern
        classes = (0..<5).map { _ in Counter() }
        buckets = (0...RouteMetrics.boundsMicroseconds.count).map { _ in Counter() }
    }

    func record(_ status: Status, microseconds taken: Int) {
        classes[min(4, max(0, Int(status.code) / 100 - 1))].add()
        microseconds.add(taken)
        let bucket = RouteMetrics.boundsMicroseconds.firstIndex { taken <= $0 } ?? RouteMetrics.boundsMicroseconds.count
        buckets[bucket].add()
    }

    /// Prometheus text format 0.0.4, without the type lines.
    func write(service: String, requests: inout [String], durations: inout [String]) {
        let labels = "service=\"\(service)\",method=\"\(method)\",route=\"\(pattern)\""
        guard classes.contains(where: { $0.value > 0 }) else { return }
        for (index, counter) in classes.enumerated() where counter.value > 0 {
            requests.append("nexus_requests_total{\(labels),class=\"\(index + 1)xx\"} \(counter.value)")
        }
        var total = 0
        for (index, bound) in RouteMetrics.boundsMicroseconds.enumerated() {
            total += buckets[index].value
            durations.append("nexus_request_duration_seconds_bucket{\(labels),le=\"\(Double(bound) / 1e6)\"} \(total)")
        }
        total += buckets[buckets.count - 1].value
        durations.append("nexus_request_duration_seconds_bucket{\(labels),le=\"+Inf\"} \(total)")
        durations.append("nexus_request_duration_seconds_sum{\(labels)} \(Double(microseconds.value) / 1e6)")
        durations.append("nexus_request_duration_seconds_count{\(labels)} \(total)")
    }
}

/// The metrics of a service: its routes, and whatever else it measures.
public final class Metrics: Sendable {
    private let service: String
    private let routes = Mutex<[RouteMetrics]>([])
    private let gauges = Mutex<[@Sendable () -> [(name: String, kind: String, value: Double)]]>([])

    public init(service: String) { self.service = service }

    /// Adds values that are read when somebody asks: a name, `gauge` or `counter`, and the value.
    public func observe(_ read: @escaping @Sendable () -> [(name: String, kind: String, value: Double)]) {
        gauges.withLock { $0.append(read) }
    }

    func route(_ method: String, _ pattern: String) -> RouteMetrics {
        let made = RouteMetrics(method: method, pattern: pattern)
        routes.withLock { $0.append(made) }
        return made
    }

    /// All of it in Prometheus' text format.
    public func text() -> String {
        var requests: [String] = []
        var durations: [String] = []
        for route in routes.withLock({ $0 }) { route.write(service: service, requests: &requests, durations: &durations) }
        var lines = ["# HELP nexus_requests_total Requests answered.", "# TYPE nexus_requests_total counter"] + requests
        lines += [
            "# HELP nexus_request_duration_seconds Time to the response's head.",
            "# TYPE nexus_request_duration_seconds histogram",
        ]
        lines += durations
        for read in gauges.withLock({ $0 }) {
            for gauge in read() {
                lines.append("# HELP \(gauge.name) \(gauge.name.replacing("_", with: " ")).")
                lines.append("# TYPE \(gauge.name) \(gauge.kind)")
                lines.append("\(gauge.name){service=\"\(service)\"} \(gauge.value)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
