import Events
import Synchronization

/// Rung from anywhere, any number of times; whoever waits for it looks once more.
final class Bell: Sendable {
    private let rings = Atomic<Int64>(0)
    private let heard = Watermark()

    /// Wakes whoever waits now, or has not waited since the last ring that it heard.
    func ring() { heard.advance(to: rings.wrappingAdd(1, ordering: .relaxed).newValue) }

    /// How often it has been rung.
    var count: Int64 { heard.value }

    /// Waits for a ring after the first `count`, at most for `limit`.
    /// - Throws: `CancellationError`.
    func wait(past count: Int64, within limit: Duration) async throws { _ = try await heard.wait(past: count, within: limit) }
}
