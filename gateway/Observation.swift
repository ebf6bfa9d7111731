import Glibc
import HTTP
import Loops
import Models
import Service

/// Opens a record for every request, which is closed when the answer is complete: how the log and the metrics learn of it.
public final class Observation: Sendable {
    let log: AccessLog?
    private let tracer: Tracer
    private let inFlight: Counter
    private let books: LoopLocal<RequestBook>

    /// - Parameter log: nil when none is kept.
    public init(_ group: EventLoopGroup, tracer: Tracer, log: AccessLog? = nil) {
        let inFlight = Counter(group)
        self.tracer = tracer
        self.log = log
        self.inFlight = inFlight
        books = LoopLocal(group) { _ in RequestBook(log?.part, inFlight: inFlight, tracer) }
    }

    private static let inFlightGauge = Metric.gauge("nexus_http_requests_in_flight", "Requests that are being answered.")
    private static let linesDropped = Metric.counter("nexus_access_log_dropped_lines_total", "Lines that could not be written.")
    private static let bytesWritten = Metric.counter("nexus_access_log_written_bytes_total", "Bytes of lines.")

    /// For the gateway's metrics.
    var samples: [Sample] {
        var samples = [Sample(Observation.inFlightGauge, inFlight.value)]
        if let log {
            samples += [Sample(Observation.linesDropped, log.dropped), Sample(Observation.bytesWritten, log.written)]
        }
        return samples
    }

    /// The record of a request that begins. Called on the request's loop.
    func begin(_ request: Request) -> RequestRecord {
        // Off the loops, where nothing is answered but by a test, a book for one request.
        let record = (books.current ?? RequestBook(nil, inFlight: inFlight, tracer)).lend()
        tracer.identify(request, in: &record.id)
        let parent = TraceContext(of: request.headers)
        record.trace = tracer.span(of: parent)
        record.parentSpan = parent?.spanID ?? 0
        if tracer.records(record.trace) { record.clientSpan = tracer.span(of: record.trace).spanID }
        record.startNanoseconds = Observation.nanoseconds()
        return record
    }

    /// The answer to what is no request.
    func refuse(_ error: HTTPError) -> Response {
        let record = begin(Request(.other, ""))
        var response = ErrorRendering.response(error, requestID: record.requestID)
        response.observer = record
        return response
    }

    /// A clock that only goes forward.
    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
