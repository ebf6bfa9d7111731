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
    private let proxies: TrustedProxies
    private let accounts: Accounts
    private let observation: Observation

    /// - Parameters:
    ///   - own: the host of the gateway's own routes.
    ///   - accounts: verifies credentials.
    public init(
        own: ServiceHost, proxy: Proxy, limiter: RateLimiter, proxies: TrustedProxies = .none, accounts: Accounts,
        observation: Observation
    ) {
        self.own = own
        self.proxy = proxy
        self.limiter = limiter
        self.proxies = proxies
        self.accounts = accounts
        self.observation = observation
        router = GatewayRoute.router(own.environment.metrics)
        own.environment.metrics.observe { [observation, proxy] in observation.samples + proxy.samples }
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
        guard let client = proxies.client(of: request) else { return await answer(request, record) }
        record.client = client
        var request = request
        request.peer = client
        return await answer(request, record)
    }

    private func answer(_ request: Request, _ record: RequestRecord) async -> Response {
        var response: Response
        switch router.match(request.method, request.path) {
        case .found where GatewayTable.isOwn(request.path): response = await answerOwn(request, record)
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
            case .signed(let name):
                try takeOfAddress(request, record)
                return try await proxy.forward(request, to: name, as: nil, record)
            }
        } catch {
            return Gateway.refusal(error, record)
        }
    }

    /// What the client did wrong in HTTP itself (a body that breaks off, or takes too long) is told as it is.
    private static func refusal(_ error: any Error, _ record: RequestRecord) -> Response {
        if let error = error as? HTTPError { return ErrorRendering.response(error, requestID: record.requestID) }
        return ErrorRendering.response(ErrorRendering.serviceError(error), requestID: record.requestID)
    }

    /// The verified caller, within its rate.
    private func caller(of request: Request, _ record: RequestRecord) async throws -> VerifiedCredential {
        guard let credential = Credential(of: request) else {
            try takeOfAddress(request, record)
            throw ServiceError.unauthenticated
        }
        do {
            let verified = try await accounts.verify(credential, of: request)
            record.caller = verified
            record.allowance = limiter.take(verified)
            try record.allowance?.check()
            return verified
        } catch let error as ServiceError where error.kind == .unauthenticated {
            // Whoever tries credentials is counted by where they come from.
            try takeOfAddress(request, record)
            throw error
        }
    }

    /// Counts a request for its address.
    private func takeOfAddress(_ request: Request, _ record: RequestRecord) throws {
        record.allowance = limiter.take(request.peer)
        try record.allowance?.check()
    }

    /// A path that is the gateway's own, or nobody's: the latter is told only to those who may ask at all.
    private func answerOwn(_ request: Request, _ record: RequestRecord) async -> Response {
        if request.method == .options, let answer = ServerOptions.answer(to: request) { return answer }
        do {
            try takeOfAddress(request, record)
            var own = request
            own.headers = request.headers.copied(
                without: Gateway.replaced, roomForBytes: Proxy.addedBytesMax, fields: Proxy.addedFieldsMax)
            record.clientSpan = 0
            record.mark(&own.headers)
            record.ownPattern = self.own.pattern(of: request)
            let response = await self.own.respond(to: own)
            if let credential = Credential(of: request) { record.caller = accounts.remembered(credential) }
            guard response.status == .notFound, !request.path.starts(with: "/auth/".utf8) else { return response }
            _ = try await caller(of: request, record)
            return response
        } catch {
            return Gateway.refusal(error, record)
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
