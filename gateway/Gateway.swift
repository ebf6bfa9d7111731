import HTTP
import Identity
import Models
import Service

/// The front door: knows who calls, limits how often, finds who answers, and passes the request on in the caller's name.
///
/// Its own routes (`/auth`, health, the merged OpenAPI document, the dashboard) are a `ServiceHost` like any service's.
public final class Gateway: Responder {
    private let router: Router<GatewayRoute>
    private let own: ServiceHost
    private let proxy: Proxy
    private let limiter: RateLimiter
    private let accounts: Accounts
    private let observation: Observation

    /// - Parameters:
    ///   - own: the host of the gateway's own routes.
    ///   - accounts: verifies credentials.
    public init(own: ServiceHost, proxy: Proxy, limiter: RateLimiter, accounts: Accounts, observation: Observation) {
        self.own = own
        self.proxy = proxy
        self.limiter = limiter
        self.accounts = accounts
        self.observation = observation
        router = GatewayRoute.router(own.environment.metrics)
        own.environment.metrics.observe { [observation] in observation.samples }
    }

    /// Whether a path is somebody's, whatever the method.
    func knows(_ path: ArraySlice<UInt8>) -> Bool {
        if case .found = router.match(.get, path) { return true }
        return own.knows(path)
    }

    /// An answer that nobody had to be asked for, on record like any other.
    func recorded(_ response: Response, to request: Request) -> Response {
        var response = response
        response.observer = observation.begin(request)
        return response
    }

    public func respond(to request: Request) async -> Response {
        let record = observation.begin(request)
        var response: Response
        switch router.match(request.method, request.path) {
        case .found(let route, _):
            response = await pass(request, to: route, record)
        case .methodNotAllowed: response = ServerOptions.refusal(record.requestID)
        case .notFound, .badPath: response = await answerOwn(request, record)
        }
        if case .stream(let stream) = response.body, stream.isEndless { record.headNanoseconds = Observation.nanoseconds() }
        response.observer = record
        return response
    }

    /// The answer of the service that a route belongs to.
    private func pass(_ request: Request, to route: GatewayRoute, _ record: RequestRecord) async -> Response {
        record.route = route
        if request.method == .options, let answer = ServerOptions.answer(to: request) { return answer }
        do {
            switch route.owner {
            case .service(let name):
                let caller = try await caller(of: request, record)
                return try await proxy.forward(request, to: name, as: caller, record)
            case .signed(let name): return try await proxy.forward(request, to: name, as: nil, record)
            }
        } catch let error as HTTPError {
            // The client's own body is none.
            return ErrorRendering.response(error, requestID: record.requestID)
        } catch {
            return ErrorRendering.response(ErrorRendering.serviceError(error), requestID: record.requestID)
        }
    }

    /// The verified caller, within its rate.
    private func caller(of request: Request, _ record: RequestRecord) async throws -> VerifiedCredential {
        guard let credential = Credential(of: request) else {
            try limiter.take(request.peer)
            throw ServiceError.unauthenticated
        }
        do {
            let verified = try await accounts.verify(credential, of: request)
            record.caller = verified
            try limiter.take(verified.principal)
            return verified
        } catch let error as ServiceError where error.kind == .unauthenticated {
            // Whoever tries credentials is counted by where they come from.
            try limiter.take(request.peer)
            throw error
        }
    }

    /// A path that is the gateway's own, or nobody's: the latter is told only to those who may ask at all.
    private func answerOwn(_ request: Request, _ record: RequestRecord) async -> Response {
        if request.method == .options, let answer = ServerOptions.answer(to: request) { return answer }
        var own = request
        own.headers = request.headers.copied(
            without: Gateway.replaced, roomForBytes: Proxy.addedBytesMax, fields: Proxy.addedFieldsMax)
        record.mark(&own.headers)
        record.ownPattern = self.own.pattern(of: request)
        let response = await self.own.respond(to: own)
        if let credential = Credential(of: request) { record.caller = accounts.remembered(credential) }
        guard response.status == .notFound, !request.path.starts(with: "/auth/".utf8) else { return response }
        do {
            _ = try await caller(of: request, record)
            return response
        } catch {
            return ErrorRendering.response(ErrorRendering.serviceError(error), requestID: record.requestID)
        }
    }

    /// What a client may not say to the gateway's own routes either.
    private static let replaced: [StaticString] = ["x-nexus-principal", "x-request-id", "traceparent"]
}

extension Credential {
    /// What a request proves its sender by; nil when it does not try to.
    init?(of request: Request) {
        let found = Credential.from(
            authorization: request.headers.value("authorization"), apiKeyHeader: request.headers.value("x-nexus-api-key"),
            cookie: request.headers.value("cookie"))
        guard let found else { return nil }
        self = found
    }
}
