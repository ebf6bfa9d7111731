import HTTP

/// Lets pages of listed origins call the API (the CORS protocol of the Fetch standard). It is put before the gateway only where
/// there are such origins.
struct CORSResponder: Responder {
    let policy: OriginPolicy
    let gateway: Gateway

    /// What a page may read of an answer beside what every page may.
    static let exposed =
        "ETag, Location, Link, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, "
        + "RateLimit-Reset, Idempotent-Replayed, Content-Disposition, Content-Range, Accept-Ranges, WWW-Authenticate, traceparent"
    /// What a page may send.
    static let allowed =
        "Authorization, X-Nexus-Api-Key, X-Csrf-Token, X-Workspace-Id, X-Request-Id, Content-Type, Accept, Idempotency-Key, "
        + "If-Match, If-None-Match, Range, If-Range, Last-Event-ID, Cache-Control, traceparent, tracestate, Mcp-Session-Id, "
        + "Mcp-Protocol-Version"
    static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE"
    /// How long a browser may remember what it was told; a policy that has changed is noticed within this time.
    static let rememberedSeconds = 600

    func respond(to request: Request) async -> Response {
        guard let origin = request.headers.value("origin") else { return varying(await gateway.respond(to: request)) }
        guard policy.isAny || policy.lists(origin) else { return varying(await gateway.respond(to: request)) }
        if request.method == .options, request.headers.value("access-control-request-method") != nil, gateway.knows(request.path)
        {
            var response = Response(.noContent)
            response.headers.add("access-control-allow-methods", CORSResponder.methods.utf8)
            response.headers.add("access-control-allow-headers", CORSResponder.allowed.utf8)
            response.headers.add("access-control-max-age", String(CORSResponder.rememberedSeconds).utf8)
            return permitting(gateway.recorded(response, to: request), origin)
        }
        var response = await gateway.respond(to: request)
        response.headers.add("access-control-expose-headers", CORSResponder.exposed.utf8)
        return permitting(response, origin)
    }

    private func permitting(_ response: Response, _ origin: ArraySlice<UInt8>) -> Response {
        var response = response
        if policy.isAny {
            response.headers.add("access-control-allow-origin", "*".utf8)
            return response
        }
        response.headers.add("access-control-allow-origin", origin)
        response.headers.add("access-control-allow-credentials", "true".utf8)
        return varying(response)
    }

    /// What is said depends on who asks: a cache must not give one origin's answer to another.
    private func varying(_ response: Response) -> Response {
        if policy.isAny { return response }
        var response = response
        response.headers.add("vary", "Origin".utf8)
        return response
    }
}
