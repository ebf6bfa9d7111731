import HTTP

extension ServiceHost {
    /// Records the span of a request that a handler has answered. The gateway tells of its own itself; the services' talk about
    /// events is nobody's request, and is left out unless it belongs to one.
    func record(
        _ request: Request, _ route: Route, _ response: Response, _ context: TraceContext, parent: TraceContext?,
        durationNanoseconds: UInt64
    ) {
        let isOwnTalk = parent == nil && route.pattern.hasPrefix("/internal/")
        guard environment.tracer.records(context), environment.name != "gateway", !isOwnTalk else { return }
        let end = Tracer.now()
        let method = "\(route.method.name)"
        environment.tracer.record(
            Span(
                service: environment.name, name: "\(method) \(route.pattern)", kind: .server, context: context,
                parent: parent?.spanID ?? 0, startNanoseconds: end - durationNanoseconds, endNanoseconds: end,
                attributes: [
                    .text("http.request.method", method), .text("http.route", route.pattern), .text("url.scheme", "http"),
                    .text("url.path", String(decoding: request.path, as: UTF8.self)),
                    .integer("http.response.status_code", Int(response.status.code)),
                    .text("nexus.request.id", RequestID.known(request)),
                ], hasFailed: response.status.code >= 500))
    }
}
