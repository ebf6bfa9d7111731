import Loops
import Synchronization

/// A number that only rises, and that tasks can wait for: an outbox's last sequence, a consumer's cursor, a log's last line.
public final class Watermark: Sendable {
    private struct State {
        var value: Int64
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: (past: Int64, continuation: CheckedContinuation<Void, Never>)] = [:]
        var abandoned: Set<UInt64> = []
    }

    private let state: Mutex<State>

    public init(_ value: Int64 = 0) { state = Mutex(State(value: value)) }

    public var value: Int64 { state.withLock { $0.value } }

    /// Raises the number to `value` and wakes whoever waited for less; does nothing when it is already there.
    public func advance(to value: Int64) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard value > state.value else { return [] }
            state.value = value
            let ids = state.waiters.filter { $0.value.past < value }.map(\.key)
            return ids.compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
        }
        for continuation in woken { continuation.resume() }
    }

    /// Wakes everybody who waits, as if their time were over.
    public func wakeAll() {
        let woken = state.withLock { state in
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Waits until the number is more than `past`, at most for `limit`; gives the number as it is then.
    /// - Throws: `CancellationError`.
    public func wait(past: Int64, within limit: Duration) async throws -> Int64 {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = EventLoop.current?.schedule(after: limit) { [weak self] in self?.release(id) }
        defer { timer?.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.value > past || state.abandoned.remove(id) != nil { return true }
                    state.waiters[id] = (past, continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            release(id)
        }
        state.withLock { _ = $0.abandoned.remove(id) }
        try Task.checkCancellation()
        return value
    }

    /// Wakes one waiter, or remembers that it must not wait at all.
    private func release(_ id: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if let waiter = state.waiters.removeValue(forKey: id) { return waiter.continuation }
            state.abandoned.insert(id)
            return nil
        }
        continuation?.resume()
    }
}
