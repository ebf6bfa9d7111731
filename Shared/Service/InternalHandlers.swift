import Events
import HTTP
import Identity
import Models

/// The routes that every service has: health, metrics, its feed of events, and its part of the OpenAPI document.
struct InternalHandlers: Sendable {
    let environment: ServiceEnvironment
    let service: any HostedService

    struct Health: Codable, Sendable {
        let status: String
        let service: String
    }

    func routes(describing routes: [Route]) -> Routes {
        Routes("") {
            GET("/healthz", .open, "Whether the process is alive", health)
            GET("/readyz", .open, "Whether requests can be answered", readiness)
            GET("/metrics", environment.configuration.opensMetrics ? .open : .viewer, "Prometheus metrics", prometheus)
            GET("/internal/events", .service, "Events after a sequence", events)
            GET("/internal/openapi", .service, "The OpenAPI document of this service") { _ in
                Content<JSONMedia>(.json(try ServiceDocument.openAPI(of: routes, service: environment.name)))
            }
            GET("/api-docs/openapi.json", .open, "The OpenAPI document of this service") { _ in
                Content<JSONMedia>(.json(try ServiceDocument.openAPI(of: routes, service: environment.name)))
            }
        }
    }

    func health(_ call: Call) -> Reply<Health> { Reply(Health(status: "ok", service: environment.name)) }

    func readiness(_ call: Call) async throws -> Reply<Health> {
        _ = try await environment.database.read { try $0.one("SELECT 1") { $0.int(0) } }
        try await service.checkReadiness()
        return Reply(Health(status: "ready", service: environment.name))
    }

    func prometheus(_ call: Call) -> Content<TextMedia> {
        Content(.text(environment.metrics.text(), type: MetricsText.mediaType))
    }

    func events(_ call: Call) async throws -> Content<JSONMedia> {
        let limit = try call.query.integer("limit", in: 1...Outbox.pageMax) ?? Outbox.pageMax
        let wait = try call.query.integer("wait", in: 0...60) ?? 0
        let types = call.query["types"]?.split(separator: ",").map(String.init) ?? []
        return Content(
            .json(
                try await environment.outbox.page(
                    after: try await start(call), limit: limit, types: types, workspace: call.query["workspace"],
                    consumer: call.query["consumer"], wait: .seconds(wait))))
    }

    /// Where a page begins: `after` a sequence, or `now`, or with what was told `since` a time (in milliseconds since 1970).
    private func start(_ call: Call) async throws -> Int64 {
        if call.query["after"] == "now" { return environment.outbox.last.value }
        if let since = try call.query.integer("since", in: 0...Int.max) {
            return try await environment.outbox.sequence(before: Timestamp(milliseconds: Int64(since)))
        }
        return Int64(try call.query.integer("after", in: 0...Int.max) ?? 0)
    }
}
