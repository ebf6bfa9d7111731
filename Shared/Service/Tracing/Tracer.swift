import HTTP
import Loops
import Models
import Synchronization

/// Begins traces, continues those of others, and makes the ids of requests. One for the loops of a process.
public final class Tracer: Sendable {
    private let sources: LoopLocal<IDSource>
    /// For what is off the loops: tests, threads.
    private let shared = Mutex(IDSource())

    public init(_ group: EventLoopGroup) { sources = LoopLocal(group) { _ in IDSource() } }

    /// A new span: of the trace of `parent`, or of a new one.
    public func span(of parent: TraceContext?) -> TraceContext {
        guard let parent else { return ids { $0.trace(isSampled: false) } }
        return parent.with(span: ids { $0.span() })
    }

    /// A request's id: the client's own when it is sane, else a new one, in the bytes of `id`, whose storage is used again.
    public func identify(_ request: Request, in id: inout [UInt8]) {
        id.removeAll(keepingCapacity: true)
        if let given = RequestID.given(by: request) {
            id.append(contentsOf: given)
        } else {
            ids { RequestID.append(to: &id, at: WallClock.system.now(), using: $0) }
        }
    }

    /// The source of ids of the current loop.
    func ids<Result>(_ take: (IDSource) -> Result) -> Result {
        if let own = sources.current { return take(own) }
        return shared.withLock { take($0) }
    }
}
