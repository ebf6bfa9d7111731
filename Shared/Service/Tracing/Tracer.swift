import Glibc
import HTTP
import Loops
import Models
import Synchronization

/// Begins traces, continues those of others, records spans, and makes the ids of requests. One for the loops of a process.
public final class Tracer: Sendable {
    private let sources: LoopLocal<IDSource>
    /// For what is off the loops: tests, threads.
    private let shared = Mutex(IDSource())
    public let exporter: SpanExporter?
    /// A new trace is recorded when a random number is less.
    private let recordedBelow: UInt64

    public init(_ group: EventLoopGroup, _ configuration: TracingConfiguration = TracingConfiguration(), log: Log) {
        sources = LoopLocal(group) { _ in IDSource() }
        exporter = SpanExporter(configuration, group, log: log)
        let isAll = configuration.ratio >= 1
        recordedBelow = exporter == nil ? 0 : isAll ? .max : UInt64(configuration.ratio * 0x1p64)
    }

    /// A new span: of the trace of `parent`, or of a new one.
    public func span(of parent: TraceContext?) -> TraceContext {
        ids { source in
            if let parent { return parent.with(span: source.span()) }
            return source.trace(isSampled: recordedBelow > 0 && source.next() <= recordedBelow)
        }
    }

    /// Whether a span of this trace is to be recorded here.
    public func records(_ context: TraceContext) -> Bool { context.isSampled && exporter != nil }

    /// Takes a span that is over.
    public func record(_ span: Span) { exporter?.add(span) }

    /// A request's id: the client's own when it is sane, else a new one, in the bytes of `id`, whose storage is used again.
    public func identify(_ request: Request, in id: inout [UInt8]) {
        id.removeAll(keepingCapacity: true)
        if let given = RequestID.given(by: request) {
            id.append(contentsOf: given)
        } else {
            ids { RequestID.append(to: &id, at: WallClock.system.now(), using: $0) }
        }
    }

    /// Nanoseconds since 1970.
    public static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static let exported = Metric.counter("nexus_spans_exported_total", "Spans that the collector has taken.")
    private static let dropped = Metric.counter("nexus_spans_dropped_total", "Spans that were lost.")

    /// For the metrics of the process.
    var samples: [Sample] {
        guard let exporter else { return [] }
        return [Sample(Tracer.exported, exporter.exported), Sample(Tracer.dropped, exporter.dropped)]
    }

    /// The source of ids of the current loop.
    private func ids<Result>(_ take: (IDSource) -> Result) -> Result {
        if let own = sources.current { return take(own) }
        return shared.withLock { take($0) }
    }
}
