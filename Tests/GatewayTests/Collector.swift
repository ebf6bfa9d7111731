import HTTP
import Loops
import Models
import Synchronization

/// A collector that takes OTLP/HTTP in JSON as the protocol says, and nothing else.
final class Collector: Responder, Sendable {
    /// A span as it must look.
    struct Span: Decodable, Sendable {
        let traceId: String
        let spanId: String
        let parentSpanId: String?
        let name: String
        let kind: Int
        let startTimeUnixNano: String
        let endTimeUnixNano: String
        let attributes: [Attribute]
        let status: Status?

        struct Status: Decodable, Sendable {
            let code: Int
        }

        subscript(_ key: String) -> String? {
            attributes.first { $0.key == key }.flatMap { $0.value.stringValue ?? $0.value.intValue }
        }
    }

    struct Attribute: Decodable, Sendable {
        struct Value: Decodable, Sendable {
            let stringValue: String?
            let intValue: String?
        }

        let key: String
        let value: Value
    }

    struct Resource: Decodable, Sendable {
        let attributes: [Attribute]
    }

    private struct Body: Decodable {
        struct Resources: Decodable {
            struct Scoped: Decodable {
                struct Scope: Decodable {
                    let name: String
                }
                let scope: Scope
                let spans: [Span]
            }
            let resource: Resource
            let scopeSpans: [Scoped]
        }
        let resourceSpans: [Resources]
    }

    private struct State {
        var spans: [(service: String, span: Span)] = []
        var faults: [String] = []
        var heads: [Headers] = []
        var refusals: [Response] = []
        var hangs = false
    }

    private let state = Mutex(State())

    var spans: [(service: String, span: Span)] { state.withLock { $0.spans } }
    /// What was wrong with what came.
    var faults: [String] { state.withLock { $0.faults } }
    var heads: [Headers] { state.withLock { $0.heads } }

    /// Answers the next requests so, and takes nothing.
    func refuse(_ responses: [Response]) { state.withLock { $0.refusals = responses } }

    /// Answers nothing from now on.
    func hang() { state.withLock { $0.hangs = true } }

    func respond(to request: Request) async -> Response {
        state.withLock { $0.heads.append(request.headers) }
        if state.withLock({ $0.hangs }) {
            // A minute and more: it is cut off when the server ends.
            try? await EventLoop.sleep(for: .seconds(100))  // try?: being cut off is the end
        }
        if let refusal = state.withLock({ $0.refusals.isEmpty ? nil : $0.refusals.removeFirst() }) { return refusal }
        do {
            let body = try JSON.decode(Body.self, from: try await request.body.collect(upTo: 1 << 24))
            guard request.method == .post, request.path.elementsEqual("/v1/traces".utf8) else { return fault("not /v1/traces") }
            guard request.headers["content-type"] == "application/json" else { return fault("not JSON") }
            for part in body.resourceSpans {
                let names = part.resource.attributes.filter { $0.key == "service.name" }
                guard names.count == 1, let service = names[0].value.stringValue else { return fault("no service.name") }
                for span in part.scopeSpans.flatMap(\.spans) {
                    if let problem = Collector.problem(of: span) { return fault("\(problem): \(span)") }
                    state.withLock { $0.spans.append((service, span)) }
                }
            }
            return .json(Array("{}".utf8))
        } catch {
            return fault("\(error)")
        }
    }

    private func fault(_ text: String) -> Response {
        state.withLock { $0.faults.append(text) }
        return .text(text, status: .badRequest)
    }

    private static func problem(of span: Span) -> String? {
        func isID(_ text: String, _ length: Int) -> Bool {
            text.utf8.count == length && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
                && text.contains { $0 != "0" }
        }
        guard isID(span.traceId, 32), isID(span.spanId, 16), span.parentSpanId.map({ isID($0, 16) }) ?? true else { return "ids" }
        guard (1...5).contains(span.kind), !span.name.isEmpty else { return "kind or name" }
        guard let start = UInt64(span.startTimeUnixNano), let end = UInt64(span.endTimeUnixNano), start <= end else {
            return "times"
        }
        guard Set(span.attributes.map(\.key)).count == span.attributes.count else { return "an attribute twice" }
        guard span.attributes.allSatisfy({ ($0.value.stringValue == nil) != ($0.value.intValue == nil) }) else { return "values" }
        return nil
    }
}

/// The collector at a port.
final class ListeningCollector: Sendable {
    let collector = Collector()
    let address: SocketAddress
    private let group: EventLoopGroup
    private let server: HTTPServer

    init() throws {
        group = try EventLoopGroup(count: 1)
        server = HTTPServer(group: group, responder: collector)
        address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
    }

    func stop() async {
        await group.loops[0].task { [server] in await server.shutdown(within: .zero) }.value
        group.shutdown()
    }
}
