import Glibc
import HTTP
import Loops
import Models
import Service

/// Opens a record for every request, which is closed when the answer is complete: how the log and the metrics learn of it.
public final class Observation: Sendable {
    let log: AccessLog?
    private let tracer: Tracer
    private let books: LoopLocal<RequestBook>

    /// - Parameter log: nil when none is kept.
    public init(tracer: Tracer, log: AccessLog? = nil) {
        self.tracer = tracer
        self.log = log
        books = LoopLocal { _ in RequestBook(log?.part) }
    }

    /// The record of a request that begins. Called on the request's loop.
    func begin(_ request: Request) -> RequestRecord {
        // Off the loops, where nothing is answered but by a test, a book for one request.
        let record = (books.current ?? RequestBook(nil)).lend()
        tracer.identify(request, in: &record.id)
        let parent = TraceContext(of: request.headers)
        record.trace = tracer.span(of: parent)
        record.continuesTrace = parent != nil
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
