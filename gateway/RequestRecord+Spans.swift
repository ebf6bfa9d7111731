import HTTP
import Service

extension RequestRecord {
    /// The spans of a request that is over: the gateway's own, and that of the call that was passed on. Named and described as
    /// OpenTelemetry's conventions for HTTP say; what the client has typed is not in a name.
    func spans(_ request: Request?, _ outcome: ExchangeOutcome, _ durationNanoseconds: UInt64) -> [Span] {
        let end = Tracer.now()
        let method = request.map { "\($0.method == .other ? "_OTHER" : $0.method.name)" } ?? "_OTHER"
        let status = Int(outcome.status.code)
        var attributes: [Span.Attribute] = [
            .text("http.request.method", method), .integer("http.response.status_code", status),
            .text("url.scheme", "http"), .text("nexus.request.id", requestID),
            .integer("http.response.body.size", outcome.bytesOut),
        ]
        if let request {
            attributes.append(.text("url.path", String(decoding: request.path.prefix(AccessLine.pathBytesMax), as: UTF8.self)))
            attributes += RequestRecord.server(request)
            if let agent = request.headers["user-agent"] {
                attributes.append(.text("user_agent.original", String(agent.prefix(AccessLine.userAgentBytesMax))))
            }
        }
        if let pattern { attributes.append(.text("http.route", pattern)) }
        if case .tcp(let address, let port) = outcome.peer {
            attributes += [.text("client.address", address), .integer("client.port", Int(port))]
        }
        if let run = caller?.principal.run { attributes.append(.text("nexus.run.id", run.runID)) }
        if outcome.isAborted { attributes.append(.text("error.type", "aborted")) }
        let start = end - durationNanoseconds
        var spans = [
            Span(
                service: "gateway", name: pattern.map { "\(method) \($0)" } ?? method, kind: .server, context: trace,
                parent: parentSpan, startNanoseconds: start, endNanoseconds: end, attributes: attributes, hasFailed: status >= 500
            )
        ]
        if let upstream, clientSpan != 0 {
            let start = start + upstreamStartNanoseconds - startNanoseconds
            spans.append(
                Span(
                    service: "gateway", name: method, kind: .client, context: trace.with(span: clientSpan), parent: trace.spanID,
                    startNanoseconds: start, endNanoseconds: start + upstreamNanoseconds,
                    attributes: [
                        .text("http.request.method", method), .integer("http.response.status_code", status),
                        .text("server.address", upstream), .text("peer.service", upstream),
                    ], hasFailed: status >= 400))
        }
        return spans
    }

    /// `Host` in the two parts that the conventions have for it.
    private static func server(_ request: Request) -> [Span.Attribute] {
        guard let host = request.headers["host"] else { return [] }
        // Not within the brackets of an IPv6 address.
        guard let colon = host.lastIndex(of: ":"), let port = Int(host[host.index(after: colon)...]) else {
            return [.text("server.address", host)]
        }
        return [.text("server.address", String(host[..<colon])), .integer("server.port", port)]
    }
}
