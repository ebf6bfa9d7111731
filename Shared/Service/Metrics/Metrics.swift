import HTTP
import Loops
import Synchronization

/// The metrics of a service: its routes, and whatever else it measures.
public final class Metrics: Sendable {
    private static let duration = Metric(
        "nexus_http_request_duration_seconds", .histogram,
        "From a request's head to the end of its answer; to the head of one that has no end of its own, and in a service.")

    private let service: String
    private let group: EventLoopGroup
    private let routes = Mutex<[RouteMetrics]>([])
    private let readers = Mutex<[@Sendable () -> [Sample]]>([])
    private let timings = Mutex<[(metric: Metric, label: String, routes: RouteMetrics)]>([])

    public init(service: String, _ group: EventLoopGroup) {
        self.service = service
        self.group = group
    }

    /// Adds values that are read when somebody asks.
    public func observe(_ read: @escaping @Sendable () -> [Sample]) { readers.withLock { $0.append(read) } }

    /// What counts the answers of a route.
    public func route(_ method: String, _ pattern: String) -> RouteMetrics {
        let made = RouteMetrics(method: method, pattern: pattern, group)
        routes.withLock { $0.append(made) }
        return made
    }

    /// What counts how long something of another name takes, told apart from others of its kind by one label.
    public func timing(_ metric: Metric, label: String, _ value: String) -> RouteMetrics {
        let made = RouteMetrics(method: "", pattern: value, group)
        timings.withLock { $0.append((metric, label, made)) }
        return made
    }

    /// All of it in Prometheus' text format.
    public func text() -> String {
        var text = MetricsText()
        let own = "service=\"\(MetricsText.escaped(service))\""
        for route in routes.withLock({ $0 }) {
            let labels = "\(own),method=\"\(route.method)\",route=\"\(MetricsText.escaped(route.pattern))\""
            Metrics.write(Metrics.duration, route, labels, &text)
        }
        for timing in timings.withLock({ $0 }) {
            let labels = "\(own),\(timing.label)=\"\(MetricsText.escaped(timing.routes.pattern))\""
            Metrics.write(timing.metric, timing.routes, labels, &text)
        }
        for read in readers.withLock({ $0 }) {
            for sample in read() {
                let labels = sample.labels.map { ",\($0.name)=\"\(MetricsText.escaped($0.value))\"" }.joined()
                text.add(sample.metric, labels: own + labels, Metrics.number(sample.value))
            }
        }
        return text.text
    }

    private static func write(_ metric: Metric, _ route: RouteMetrics, _ labels: String, _ text: inout MetricsText) {
        for (statusClass, reading) in route.readings() {
            let labels = "\(labels),status_class=\"\(statusClass)\""
            var total = 0
            for (bound, count) in zip(Histogram.bounds, reading.counts) {
                total += count
                text.add(metric, suffix: "_bucket", labels: "\(labels),le=\"\(bound)\"", "\(total)")
            }
            text.add(metric, suffix: "_sum", labels: labels, number(Double(reading.nanoseconds) / 1e9))
            text.add(metric, suffix: "_count", labels: labels, "\(total)")
        }
    }

    /// Whole numbers without a fraction.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}
