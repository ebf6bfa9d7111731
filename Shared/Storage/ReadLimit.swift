import Models
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// When a long read must stop: its task was cancelled, or its time is up. SQLite asks every few thousand instructions.
final class ReadLimit: Sendable {
    /// Of SQLite's virtual machine; about 50 µs.
    static let instructionsBetweenChecks: Int32 = 4000

    private let isCancelled = Atomic(false)
    private let deadlineNanoseconds: UInt64

    /// Longer than any read lasts; what a deadline is cut to.
    private static let secondsMax = 86_400.0

    init(seconds: Double) {
        deadlineNanoseconds = monotonicNanoseconds() + UInt64(min(max(seconds, 0), ReadLimit.secondsMax) * 1e9)
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    var isOver: Bool { isCancelled.load(ordering: .relaxed) || monotonicNanoseconds() > deadlineNanoseconds }

    /// Throws `CancellationError` or `ServiceError(.timeout)` when it is over.
    func check() throws {
        if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
        if monotonicNanoseconds() > deadlineNanoseconds {
            throw ServiceError(.timeout, "the query took too long: narrow it", cause: "the deadline of a long read passed")
        }
    }
}

/// Nanoseconds of a clock that never leaps.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Microseconds since 1970.
func wallClockMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
