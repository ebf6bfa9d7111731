import Events
import HTTP
import Identity
import Loops
import Models
import Storage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A running service: its database, its routes with what every route has around it, its consumers and its background work.
///
/// A request is routed, authenticated, authorised, and only then looked at; whatever is thrown becomes an answer in one place.
public final class ServiceHost: Responder {
    public let environment: ServiceEnvironment
    public let service: any HostedService
    let inFlight: Counter
    private let authenticator: RequestAuthenticator
    private let router: Router<Endpoint>
    private let routes: [Route]

    private struct Endpoint: Sendable {
        let route: Route
        let metrics: RouteMetrics
    }

    /// Opens the service's database (`DIR/<name>.sqlite`), runs its migrations, and builds its table of routes.
    /// - Parameter make: makes the service, given what it depends on.
    public init(
        _ name: String, migrations: [Migration], configuration: ServiceConfiguration, base: SuiteBase,
        authenticator: RequestAuthenticator,
        make: (ServiceEnvironment) throws -> any HostedService
    ) async throws {
        let database = try Database(
            path: "\(configuration.dataDirectory)/\(name).sqlite",
            migrations: [Outbox.migration, IdempotencyKey.migration] + migrations)
        environment = ServiceEnvironment(
            name: name, configuration: configuration, clock: base.clock,
            log: base.log.named(name, level: configuration.logLevel), tracer: base.tracer,
            metrics: Metrics(service: name, base.loops), loops: base.loops, database: database,
            outbox: try await Outbox(service: name, database: database), peers: base.peers(for: name),
            secrets: SecretBox(key: base.keys.encryption))
        service = try make(environment)
        inFlight = Counter(base.loops)
        self.authenticator = authenticator
        let internals = InternalHandlers(environment: environment, service: service)
        routes = service.routes.routes
        var router = Router<Endpoint>()
        let own = Set(routes.map { "\($0.method.name) \($0.pattern)" })
        let common = internals.routes(describing: routes).routes.filter { !own.contains("\($0.method.name) \($0.pattern)") }
        for route in routes + common {
            let metrics = environment.metrics.route("\(route.method.name)", route.pattern)
            router.add(route.method, route.pattern, Endpoint(route: route, metrics: metrics))
        }
        self.router = router
        measure()
    }

    /// Hosts one of the nine.
    public convenience init(
        _ type: any NexusService.Type, configuration: ServiceConfiguration, base: SuiteBase, authenticator: RequestAuthenticator
    ) async throws {
        try await self.init(
            type.name.rawValue, migrations: type.migrations, configuration: configuration, base: base,
            authenticator: authenticator
        ) { try type.init($0) }
    }

    /// The service's own routes, without those that every service has.
    public var table: [Route] { routes }

    /// Consumes, works in the background, and tidies up, until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for consumer in service.consumers { group.addTask { await consumer.run() } }
            group.addTask { [service, environment] in
                do {
                    try await service.runInBackground()
                } catch is CancellationError {
                } catch {
                    environment.log.error("background work ended", ["cause": "\(error)"])
                }
            }
            group.addTask { [environment] in await ServiceHost.tidy(environment) }
        }
    }

    /// Closes the database; the last thing that a host does.
    public func close() async { environment.database.close() }

    /// Whether a path has a route, whatever the method.
    public func knows(_ path: ArraySlice<UInt8>) -> Bool {
        switch router.match(.get, path) {
        case .found, .methodNotAllowed: true
        case .notFound, .badPath: false
        }
    }

    public func respond(to request: Request) async -> Response {
        let request = identified(request)
        switch router.match(request.method, request.path) {
        case .found(let endpoint, let parameters):
            inFlight.add()
            let start = ServiceHost.nanoseconds()
            let parent = TraceContext(of: request.headers)
            let context = environment.tracer.span(of: parent)
            let response = await TraceContext.$current.withValue(context) {
                await answer(request, endpoint.route, parameters)
            }
            let taken = ServiceHost.nanoseconds() - start
            endpoint.metrics.record(response.status, nanoseconds: taken)
            if context.isSampled {
                record(request, endpoint.route, response, context, parent: parent, durationNanoseconds: taken)
            }
            inFlight.add(-1)
            environment.log.debug(
                "request",
                [
                    "request_id": RequestID.known(request), "method": "\(request.method.name)", "route": endpoint.route.pattern,
                    "status": "\(response.status.code)",
                ])
            return response
        case .methodNotAllowed(let allowed):
            var response = ErrorRendering.response(
                ServiceError(.methodNotAllowed, "this path allows \(allowed.allow)"), requestID: RequestID.known(request))
            response.headers.add("allow", allowed.allow.utf8)
            return response
        case .notFound: return ErrorRendering.response(.notFound("path"), requestID: RequestID.known(request))
        case .badPath:
            return ErrorRendering.response(
                ServiceError(.validation, "path: malformed", field: "path"), requestID: RequestID.known(request))
        }
    }

    /// The pattern of the route that answers a request; nil when none does.
    public func pattern(of request: Request) -> String? {
        guard case .found(let endpoint, _) = router.match(request.method, request.path) else { return nil }
        return endpoint.route.pattern
    }

    /// A request that carries an id: the gateway has given it one, unless the service is asked directly.
    private func identified(_ request: Request) -> Request {
        if RequestID.given(by: request) != nil { return request }
        var request = request
        var id: [UInt8] = []
        environment.tracer.identify(request, in: &id)
        request.headers.remove(RequestID.header)
        request.headers.add(RequestID.header, id)
        return request
    }

    private func answer(_ request: Request, _ route: Route, _ parameters: PathParameters) async -> Response {
        do {
            let call = try await call(request, route, parameters)
            return try await route.handle(call)
        } catch let replay as IdempotencyKey.Replay {
            return replay.response
        } catch let error as HTTPError {
            return ErrorRendering.response(error, requestID: RequestID.known(request))
        } catch {
            let error = ErrorRendering.serviceError(error)
            if error.kind == .internal || error.kind == .diskFull {
                environment.log.error(
                    error.message,
                    [
                        "cause": error.cause ?? "", "request_id": RequestID.known(request),
                        "trace_id": TraceContext.current?.traceID ?? "", "method": "\(request.method.name)",
                        "route": route.pattern,
                    ])
            }
            return ErrorRendering.response(error, requestID: RequestID.known(request))
        }
    }

    /// Knows the caller, checks what they may, and prepares the idempotent replay.
    private func call(
        _ request: Request, _ route: Route, _ parameters: PathParameters
    ) async throws -> Call {
        let principal = try await authenticator.principal(of: request)
        let query = try Query(request.query)
        let asked = query["workspace_id"] ?? request.headers["x-workspace-id"]
        let workspace = principal?.workspace(asked: asked) ?? "default"
        try route.access.check(
            principal, workspace: workspace, isWrite: !route.method.isSafe, service: ServiceName(rawValue: environment.name))
        var request = request
        let caller = principal ?? RequestAuthenticator.nobody
        var idempotency: IdempotencyKey?
        if request.method == .post, route.inputMedia == nil, let key = request.headers["idempotency-key"] {
            guard (1...IdempotencyKey.keyBytesMax).contains(key.utf8.count) else {
                throw ServiceError.invalid("Idempotency-Key", "must have 1 to \(IdempotencyKey.keyBytesMax) bytes")
            }
            let body = try await request.body.collect(upTo: environment.configuration.bodyBytesMax)
            request.body = .bytes(body)
            let made = IdempotencyKey(
                scope: "\(caller.kind.rawValue):\(caller.id):\(workspace)", key: key,
                request: Digest.sha256(Array("POST ".utf8) + request.target + [10] + body))
            try await environment.database.read { try made.replay(in: $0) }
            idempotency = made
        }
        return Call(
            request: request, parameters: parameters, query: query, principal: caller, workspace: workspace,
            environment: environment, idempotency: idempotency)
    }

    /// Every hour: old idempotency keys and old events go.
    private static func tidy(_ environment: ServiceEnvironment) async {
        while !Task.isCancelled {
            do {
                try await EventLoop.sleep(for: .seconds(3600))
                try await IdempotencyKey.prune(environment.database, now: environment.clock.now())
                try await environment.outbox.prune(now: environment.clock.now())
            } catch is CancellationError {
                return
            } catch {
                environment.log.warning("tidying up failed", ["cause": "\(error)"])
            }
        }
    }
}
