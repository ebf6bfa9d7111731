import HTTP
import Identity
import Models
import Service

/// The front door: knows who calls, limits how often, finds who answers, and passes the request on in the caller's name.
///
/// Its own routes (`/auth`, health, the merged OpenAPI document, the dashboard) are a `ServiceHost` like any service's.
public final class Gateway: Responder {
    private let router = GatewayTable.router()
    private let own: ServiceHost
    private let proxy: Proxy
    private let limiter: RateLimiter
    private let accounts: Accounts
    private let metrics: GatewayMetrics

    /// - Parameters:
    ///   - own: the host of the gateway's own routes.
    ///   - accounts: verifies credentials.
    public init(own: ServiceHost, proxy: Proxy, limiter: RateLimiter, accounts: Accounts) {
        self.own = own
        self.proxy = proxy
        self.limiter = limiter
        self.accounts = accounts
        metrics = GatewayMetrics()
        own.metrics.observe { [metrics] in metrics.values }
    }

    public func respond(to request: Request) async -> Response {
        guard case .found(let owner, _) = router.match(request.method, request.path) else { return await answerOwn(request) }
        let requestID = RequestID.of(request)
        do {
            let response =
                switch owner {
                case .service(let name):
                    try await proxy.forward(request, to: name, as: try await caller(of: request), requestID: requestID)
                case .signed(let name): try await proxy.forward(request, to: name, as: nil, requestID: requestID)
                }
            metrics.count(response.status)
            return response
        } catch {
            let error = ErrorRendering.serviceError(error)
            metrics.count(Status(error.kind.status))
            return ErrorRendering.response(error, requestID: requestID)
        }
    }

    /// The verified caller, within its rate.
    private func caller(of request: Request) async throws -> VerifiedCredential {
        let credential = Credential.from(
            authorization: request.headers.value("authorization"), apiKeyHeader: request.headers.value("x-nexus-api-key"),
            cookie: request.headers.value("cookie"))
        guard let credential else {
            try limiter.take(request.peer)
            throw ServiceError.unauthenticated
        }
        do {
            let verified = try await accounts.verify(credential, of: request)
            try limiter.take(verified.principal)
            return verified
        } catch let error as ServiceError where error.kind == .unauthenticated {
            // Whoever tries credentials is counted by where they come from.
            try limiter.take(request.peer)
            throw error
        }
    }

    /// A path that is the gateway's own, or nobody's: the latter is told only to those who may ask at all.
    private func answerOwn(_ request: Request) async -> Response {
        var request = request
        request.headers.remove(InternalAssertion.header)
        let response = await own.respond(to: request)
        guard response.status == .notFound, !request.path.starts(with: "/auth/".utf8) else { return response }
        do {
            _ = try await caller(of: request)
            return response
        } catch {
            return ErrorRendering.response(ErrorRendering.serviceError(error), requestID: RequestID.of(request))
        }
    }
}
