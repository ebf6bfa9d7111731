import Loops
import Models

/// A loop's own source of ids for requests, traces and spans.
///
/// xoshiro256**, seeded by the system: ids must differ, and need not be a secret. The system's own generator costs a call of the
/// kernel for each number.
public final class IDSource: RandomNumberGenerator, @unchecked Sendable {  // Confined to its loop, or to its lock.
    private var state: (UInt64, UInt64, UInt64, UInt64)

    public init() {
        var system = SystemRandomNumberGenerator()
        // The odd constant keeps the state from being all zero, which it would never leave.
        state = (system.next(), system.next(), system.next(), system.next() | 1)
    }

    public func next() -> UInt64 {
        let result = IDSource.rotated(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = IDSource.rotated(state.3, 45)
        return result
    }

    /// The id of a span: never zero.
    public func span() -> UInt64 {
        while true {
            let number = next()
            if number != 0 { return number }
        }
    }

    /// A new trace, at its first span.
    public func trace(isSampled: Bool) -> TraceContext {
        TraceContext(traceHigh: next(), traceLow: span(), spanID: span(), isSampled: isSampled)
    }

    @inline(__always) private static func rotated(_ number: UInt64, _ count: UInt64) -> UInt64 {
        number << count | number >> (64 - count)
    }
}
