import HTTP
import Identity
import Models
import Service

/// What the gateway notes of one request while it is answered, for the log, the metrics and the trace. Lent by its loop for the
/// request, and used again for another.
final class RequestRecord: ExchangeObserver, @unchecked Sendable {  // Confined to its connection's loop.
    /// The request's id, as text.
    var id: [UInt8] = []
    /// The gateway's own span.
    var trace = TraceContext(traceHigh: 0, traceLow: 0, spanID: 0, isSampled: false)
    /// The client's span, when it has begun the trace; else 0.
    var parentSpan: UInt64 = 0
    /// The span of the call that is passed on, when that is recorded; else 0.
    var clientSpan: UInt64 = 0
    var startNanoseconds: UInt64 = 0
    /// When the head of an answer without an end of its own was there; 0 for any other.
    var headNanoseconds: UInt64 = 0
    /// The line of the gateway's table that answers.
    var route: GatewayRoute?
    /// The pattern of the gateway's own route that answers.
    var ownPattern: String?
    var caller: VerifiedCredential?
    /// What is left of the rate that the request was counted for.
    var allowance: Allowance?
    /// For whom a trusted proxy sends the request.
    var client: Peer?
    /// The name of the service that answers; nil when the gateway does.
    var upstream: String?
    var upstreamStartNanoseconds: UInt64 = 0
    /// From passing the request on to the head of its answer.
    var upstreamNanoseconds: UInt64 = 0
    private let book: RequestBook

    init(_ book: RequestBook) {
        self.book = book
        id.reserveCapacity(RequestID.bytesMax)
    }

    /// The pattern of the route that answers; nil when there is none.
    var pattern: String? { route?.pattern ?? ownPattern }
    var requestID: String { String(decoding: id, as: UTF8.self) }

    /// Adds what the service is to know of the request to its headers, which hold nothing of that kind any more. What vendors
    /// say of a trace goes on with it, within limits, and not without it (§3.3, §4.2).
    func mark(_ headers: inout Headers) {
        headers.add(RequestID.header, id)
        headers.add(TraceContext.header) { (clientSpan == 0 ? trace : trace.with(span: clientSpan)).append(to: &$0) }
        guard let state = headers.value(TraceContext.stateHeader) else { return }
        let isOne = headers.count(TraceContext.stateHeader) == 1
        if parentSpan == 0 || !isOne || state.count > TraceContext.stateBytesMax { headers.remove(TraceContext.stateHeader) }
    }

    /// Forgets the request.
    func clear() {
        headNanoseconds = 0
        route = nil
        ownPattern = nil
        caller = nil
        allowance = nil
        client = nil
        upstream = nil
        upstreamNanoseconds = 0
        clientSpan = 0
    }

    func appendFields(to head: inout [UInt8]) {
        RequestRecord.word("x-request-id: ", &head)
        head.append(contentsOf: id)
        RequestRecord.word("\r\ntraceparent: ", &head)
        trace.append(to: &head)
        RequestRecord.word("\r\n", &head)
        allowance?.append(to: &head)
    }

    func exchangeEnded(_ request: Request?, _ outcome: ExchangeOutcome) { book.close(self, request, outcome) }

    @inline(__always) private static func word(_ word: StaticString, _ output: inout [UInt8]) {
        // unsafe: a StaticString's bytes are immortal
        output.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
}

/// A loop's records, and where they go when they are complete. Confined to the loop.
final class RequestBook: @unchecked Sendable {  // Confined to its loop's thread.
    /// Records kept for later requests; more are given back to the heap.
    private static let freeMax = 256

    private let log: AccessLogPart?
    private let inFlight: Counter
    private let tracer: Tracer
    private var free: [RequestRecord] = []

    init(_ log: AccessLogPart?, inFlight: Counter, _ tracer: Tracer) {
        self.log = log
        self.tracer = tracer
        self.inFlight = inFlight
    }

    func lend() -> RequestRecord {
        inFlight.add()
        return free.popLast() ?? RequestRecord(self)
    }

    /// The answer is complete: tells the log and the metrics.
    func close(_ record: RequestRecord, _ request: Request?, _ outcome: ExchangeOutcome) {
        let taken = Observation.nanoseconds() - record.startNanoseconds
        inFlight.add(-1)
        if let route = record.route {
            let toHead = record.headNanoseconds == 0 ? taken : record.headNanoseconds - record.startNanoseconds
            route.metrics.record(outcome.status, nanoseconds: toHead)
            if record.upstream != nil { route.upstream.record(outcome.status, nanoseconds: record.upstreamNanoseconds) }
        }
        log?.add(
            AccessLine(
                record: record, request: request, outcome: outcome, time: WallClock.system.now(), durationNanoseconds: taken))
        if tracer.records(record.trace) {
            for span in record.spans(request, outcome, taken) { tracer.record(span) }
        }
        record.clear()
        if free.count < RequestBook.freeMax { free.append(record) }
    }
}
