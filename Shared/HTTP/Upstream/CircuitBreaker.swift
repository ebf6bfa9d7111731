import Synchronization

/// Keeps requests from an upstream that cannot be reached, so that they fail at once and not one timeout after the other, and
/// lets one through now and then to find out whether it is back. Shared by all loops.
///
/// Only what says that the upstream is gone counts: connecting failed or took too long, or nothing came in the time that the head
/// of an answer has. A 5xx is an answer, and whoever gave it is there.
final class CircuitBreaker: Sendable {
    struct Limits: Sendable {
        /// Failures in a row after which the circuit opens: one restart's worth of chance, and no more than a handful of clients
        /// that wait.
        var failuresMax = 5
        /// The failures must lie so close together; two days apart they mean nothing.
        var windowMilliseconds: UInt64 = 10_000
        /// How long it is open before a request is let through as a probe. Short: a service that was killed is back within a
        /// second, and a probe of one that is not costs little.
        var openMilliseconds: UInt64 = 200
        /// A probe that has not ended by then may be beside the point (a long upload): another one is let through.
        var probeMilliseconds: UInt64 = 2000
    }

    /// What the circuit lets through.
    enum State: UInt8, Sendable {
        case closed
        /// One request at a time, to find out.
        case halfOpen
        case open
    }

    /// A request's leave to go.
    enum Leave {
        case granted
        /// Its outcome decides.
        case probe
        case refused
    }

    private struct Record {
        var state = State.closed
        var failures = 0
        var firstFailure: UInt64 = 0
        /// When the state was entered.
        var since: UInt64 = 0
    }

    private let limits: Limits
    private let record = Mutex(Record())
    /// Whether there is anything to look at under the lock; a request's way has no lock as long as all is well.
    private let isTroubled = Atomic<Bool>(false)
    private let openings = Atomic<Int>(0)

    init(_ limits: Limits = Limits()) { self.limits = limits }

    var state: State { isTroubled.load(ordering: .relaxed) ? record.withLock { $0.state } : .closed }
    /// How often it has opened.
    var openingCount: Int { openings.load(ordering: .relaxed) }

    /// Whether a request may go to the upstream.
    /// - Parameter now: milliseconds of a clock that never goes back, the same for all calls.
    func leave(now: UInt64) -> Leave {
        guard isTroubled.load(ordering: .relaxed) else { return .granted }
        return record.withLock { record in
            switch record.state {
            case .closed: return .granted
            case .open:
                guard now >= record.since + limits.openMilliseconds else { return .refused }
                record.state = .halfOpen
            case .halfOpen:
                guard now >= record.since + limits.probeMilliseconds else { return .refused }
            }
            record.since = now
            return .probe
        }
    }

    /// The upstream has answered, or has at least taken a connection and a whole request.
    func succeeded() {
        guard isTroubled.load(ordering: .relaxed) else { return }
        record.withLock { record in
            record = Record()
            isTroubled.store(false, ordering: .relaxed)
        }
    }

    /// The upstream could not be reached, or did not answer in time.
    func failed(now: UInt64) {
        record.withLock { record in
            switch record.state {
            case .halfOpen: open(&record, now)
            // Sent before it opened.
            case .open: break
            case .closed:
                if record.failures == 0 || now > record.firstFailure + limits.windowMilliseconds {
                    record.failures = 0
                    record.firstFailure = now
                }
                record.failures += 1
                if record.failures >= limits.failuresMax { open(&record, now) }
            }
            isTroubled.store(true, ordering: .relaxed)
        }
    }

    /// A probe has ended without telling anything: its client went, or what it sent broke off. The next request is one.
    func probeEnded(now: UInt64) {
        record.withLock { record in
            guard record.state == .halfOpen else { return }
            record.state = .open
            record.since = now >= limits.openMilliseconds ? now - limits.openMilliseconds : 0
        }
    }

    private func open(_ record: inout Record, _ now: UInt64) {
        record.state = .open
        record.since = now
        openings.wrappingAdd(1, ordering: .relaxed)
    }
}
