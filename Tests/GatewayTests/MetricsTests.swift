import HTTP
import Loops
import Models
import Service
import SuiteTesting
import Testing

@testable import Gateway

/// What `/metrics` says.
@Suite(.timeLimit(.minutes(1)))
struct MetricsTests {
    @Test func routesAreCountedAndTimedByClassOfStatus() async throws {
        let gateway = try await ListeningGateway { request in
            request.path.elementsEqual("/agents-api/none".utf8) ? Response(.notFound) : Response(.ok)
        }
        for path in ["/agents-api/a", "/agents-api/b", "/agents-api/none"] {
            _ = try await gateway.send(.get, path, headers: [try gateway.bearer()])
        }
        // Unlike its answer, the end of the last request is not waited for.
        var text = try PrometheusText(try await gateway.send(.get, "/metrics", headers: [try gateway.bearer()]).text)
        let labels = ["service": "gateway", "method": "GET", "route": "/agents-api/{rest...}"]
        while text.value("nexus_http_request_duration_seconds_count", labels.merging(["status_class": "4xx"]) { $1 }) == nil {
            text = try PrometheusText(try await gateway.send(.get, "/metrics", headers: [try gateway.bearer()]).text)
        }
        #expect(text.value("nexus_http_request_duration_seconds_count", labels.merging(["status_class": "2xx"]) { $1 }) == 2)
        let sum = try #require(text.value("nexus_http_request_duration_seconds_sum", labels))
        #expect(sum > 0 && sum < 60)
        #expect(text.value("nexus_upstream_request_duration_seconds_count", ["upstream": "agents", "status_class": "2xx"]) == 2)
        // The request that asks is under way.
        #expect(try #require(text.value("nexus_http_requests_in_flight", ["service": "gateway"])) >= 1)
        #expect(try #require(text.value("nexus_http_connections", [:])) >= 1)
        #expect(text.value("nexus_service_up", ["service": "agents"]) == 1)
        #expect(text.value("nexus_service_up", ["service": "tasks"]) == 0)
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "process_open_fds",
            "process_max_fds", "nexus_build_info", "nexus_storage_commits_total", "nexus_access_log_dropped_lines_total",
        ] {
            #expect(text.value(name, ["service": "gateway"]) != nil, "\(name)")
        }
        let now = Double(gateway.base.clock.now().milliseconds) / 1000
        let start = try #require(text.value("process_start_time_seconds", [:]))
        #expect(start > now - 86_400 && start <= now + 1)
        try await gateway.stop()
    }

    @Test func metricsNeedACredentialUnlessTheyAreOpened() async throws {
        let closed = try await ListeningGateway { _ in Response(.ok) }
        #expect(try await closed.send(.get, "/metrics").status == 401)
        #expect(try await closed.send(.get, "/metrics", headers: [try closed.bearer(.viewer)]).status == 200)
        try await closed.stop()
        let open = try await ListeningGateway(configure: { $0.service.opensMetrics = true }) { _ in Response(.ok) }
        #expect(try await open.send(.get, "/metrics").status == 200)
        try await open.stop()
    }

    @Test func familiesOfSeveralServicesBecomeOne() throws {
        let group = try EventLoopGroup(count: 1)
        defer { group.shutdown() }
        var merged = MetricsText()
        for name in ["a", "b", "quoted \" and \\"] {
            let metrics = Metrics(service: name, group)
            metrics.route("GET", "/x/{id}").record(.ok, nanoseconds: 300_000)
            metrics.observe { [Sample(.gauge("nexus_things", "Things."), 2.5, [("kind", "line\nbreak")])] }
            merged.merge(metrics.text())
        }
        let text = try PrometheusText(merged.text)
        #expect(text.samples.count { $0.name == "nexus_things" && $0.value == 2.5 } == 3)
        let labels = ["service": "a", "route": "/x/{id}"]
        #expect(text.value("nexus_http_request_duration_seconds_bucket", labels.merging(["le": "0.00025"]) { $1 }) == 0)
        #expect(text.value("nexus_http_request_duration_seconds_bucket", labels.merging(["le": "0.0005"]) { $1 }) == 1)
        #expect(text.value("nexus_http_request_duration_seconds_sum", labels) == 0.0003)
    }

    @Test func loopsAndThreadsCountTogetherWithoutLosingAny() async throws {
        let group = try EventLoopGroup(count: 2)
        let route = Metrics(service: "a", group).route("GET", "/")
        let counter = Counter(group)
        await withTaskGroup(of: Void.self) { tasks in
            for loop in group.loops + group.loops {
                tasks.addTask {
                    await loop.task {
                        for _ in 0..<1000 {
                            route.record(.ok, nanoseconds: 1)
                            counter.add()
                        }
                    }.value
                }
            }
            tasks.addTask { for _ in 0..<1000 { route.record(.ok, nanoseconds: 1) } }
            tasks.addTask { for _ in 0..<1000 { counter.add() } }
        }
        #expect(counter.value == 5000)
        #expect(route.count(of: "2xx") == 5000)
        group.shutdown()
    }
}
