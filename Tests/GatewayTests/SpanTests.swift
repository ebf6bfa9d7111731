import HTTP
import Loops
import Models
import Service
import SuiteTesting
import Testing

@testable import Gateway

/// The spans that a collector gets.
@Suite(.timeLimit(.minutes(1)))
struct SpanTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let client = "00f067aa0ba902b7"

    private static func gateway(
        _ collector: ListeningCollector, ratio: Double = 1, _ change: (inout TracingConfiguration) -> Void = { _ in },
        service: @escaping @Sendable (Request) async -> Response
    ) async throws -> ListeningGateway {
        var tracing = TracingConfiguration()
        tracing.endpoint = "http://\(collector.address)/v1/traces"
        tracing.ratio = ratio
        change(&tracing)
        return try await ListeningGateway(log: .off, configure: { [tracing] in $0.service.tracing = tracing }, service: service)
    }

    @Test func aRequestLeavesItsSpanAndThatOfTheCallThatWasPassedOn() async throws {
        let listening = try ListeningCollector()
        let gateway = try await Self.gateway(listening) {
            $0.headers = [("x-key", "secret")]
            $0.resource = [.text("deployment.environment", "test")]
        } service: { request in
            .text(request.headers["traceparent"] ?? "", status: request.path.elementsEqual("/agents-api/bad".utf8) ? 500 : 200)
        }
        let headers = [try gateway.bearer(), ("traceparent", "00-\(Self.trace)-\(Self.client)-01"), ("x-request-id", "mine")]
        let answer = try await gateway.send(.get, "/agents-api/x?token=secret", headers: headers)
        _ = try await gateway.send(.get, "/agents-api/bad", headers: [try gateway.bearer()])
        // Not recorded, says its sender.
        _ = try await gateway.send(
            .get, "/agents-api/y", headers: [try gateway.bearer(), ("traceparent", "00-\(Self.trace)-\(Self.client)-00")])
        try await gateway.stop()
        let collector = listening.collector
        await listening.stop()
        #expect(collector.faults == [])
        #expect(collector.heads.allSatisfy { $0["x-key"] == "secret" })
        #expect(collector.spans.count == 4)
        let mine = collector.spans.map(\.span).filter { $0.traceId == Self.trace }
        let server = try #require(mine.first { $0.kind == 2 })
        let call = try #require(mine.first { $0.kind == 3 })
        #expect(server.parentSpanId == Self.client)
        #expect(call.parentSpanId == server.spanId)
        #expect(answer.text == "00-\(Self.trace)-\(call.spanId)-01")
        #expect(server.name == "GET /agents-api/{rest...}")
        #expect(server["http.request.method"] == "GET")
        #expect(server["http.route"] == "/agents-api/{rest...}")
        #expect(server["http.response.status_code"] == "200")
        #expect(server["url.path"] == "/agents-api/x")
        #expect(server["nexus.request.id"] == "mine")
        #expect(server.status == nil)
        #expect(call["server.address"] == "agents")
        let failed = collector.spans.map(\.span).filter { $0.traceId != Self.trace }
        #expect(failed.count == 2 && failed.allSatisfy { $0.status?.code == 2 })
    }

    @Test func noTraceIsBegunWithoutAShareAndOneIsContinued() async throws {
        let listening = try ListeningCollector()
        let gateway = try await Self.gateway(listening, ratio: 0) { _ in Response(.ok) }
        _ = try await gateway.send(.get, "/agents-api/x", headers: [try gateway.bearer()])
        _ = try await gateway.send(
            .get, "/agents-api/x", headers: [try gateway.bearer(), ("traceparent", "00-\(Self.trace)-\(Self.client)-01")])
        try await gateway.stop()
        let spans = listening.collector.spans
        await listening.stop()
        #expect(spans.count == 2)
        #expect(spans.allSatisfy { $0.span.traceId == Self.trace })
    }

    @Test func aCollectorThatWantsToBeLeftAloneIsAskedAgainAndNothingIsLost() async throws {
        let listening = try ListeningCollector()
        var busy = Response(.tooManyRequests)
        busy.headers.add("retry-after", "1")
        listening.collector.refuse([busy, Response(.unavailable)])
        let gateway = try await Self.gateway(listening) { _ in Response(.ok) }
        _ = try await gateway.send(.get, "/agents-api/x", headers: [try gateway.bearer()])
        let asked = ContinuousClock.now
        while listening.collector.spans.isEmpty { await Task.yield() }
        // After a wait of half a second, one of a second, and a backoff.
        #expect(asked.duration(to: .now) > .seconds(1.4))
        #expect(listening.collector.heads.count == 3)
        try await gateway.stop()
        #expect(listening.collector.spans.count == 2)
        await listening.stop()
    }

    @Test func aCollectorThatHangsHoldsNobodyUp() async throws {
        let listening = try ListeningCollector()
        listening.collector.hang()
        let gateway = try await Self.gateway(listening) { _ in Response(.ok) }
        let bearer = try gateway.bearer()
        while listening.collector.heads.isEmpty { _ = try await gateway.send(.get, "/agents-api/x", headers: [bearer]) }
        let start = ContinuousClock.now
        for _ in 0..<20 { #expect(try await gateway.send(.get, "/agents-api/x", headers: [bearer]).status == 200) }
        #expect(start.duration(to: .now) < .seconds(5))
        let end = ContinuousClock.now
        try await gateway.stop()
        #expect(end.duration(to: .now) < .seconds(10))
        await listening.stop()
    }

    @Test func spansThatDoNotFitAreDroppedAndCounted() async throws {
        let group = try EventLoopGroup(count: 1)
        var configuration = TracingConfiguration()
        // Nobody listens there.
        configuration.endpoint = "http://127.0.0.1:1/v1/traces"
        let tracer = Tracer(group, configuration, log: Log(service: "test", write: Log.silent))
        let context = tracer.span(of: nil)
        #expect(tracer.records(context))
        for _ in 0..<SpanExporter.waitingMax + 1000 {
            tracer.record(
                Span(
                    service: "test", name: "x", kind: .server, context: context, parent: 0, startNanoseconds: 1,
                    endNanoseconds: 2,
                    attributes: [], hasFailed: false))
        }
        #expect(try #require(tracer.exporter).dropped >= 1000)
        await group.loops[0].task { await tracer.exporter?.close() }.value
        #expect(tracer.exporter?.dropped == SpanExporter.waitingMax + 1000)
        group.shutdown()
    }
}
