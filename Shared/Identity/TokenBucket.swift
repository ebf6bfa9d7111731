import Glibc
import Synchronization

/// How often something may be done: `perSecond` times a second in the long run, `burst` times at once.
public struct RatePolicy: Sendable, Hashable {
    public let perSecond: Double
    public let burst: Int
    /// What one request takes of the bucket, as the time in which that comes back.
    let intervalNanoseconds: UInt64

    /// - Parameters:
    ///   - perSecond: more than 0, at most 10⁹.
    ///   - burst: at least 1; two seconds' worth unless given.
    public init(perSecond: Double, burst: Int? = nil) {
        self.perSecond = perSecond
        self.burst = max(1, burst ?? Int(perSecond * 2))
        intervalNanoseconds = max(1, UInt64(1e9 / perSecond))
    }

    /// Seconds in which an empty bucket is full again.
    public var windowSeconds: Int { max(1, Int((Double(burst) / perSecond).rounded(.up))) }

    var capacityNanoseconds: UInt64 { intervalNanoseconds.multipliedReportingOverflow(by: UInt64(burst)).partialValue }
}

/// A token bucket in one atomic number, by the generic cell rate algorithm: the time at which the bucket is full again. Any
/// thread; no lock.
public final class TokenBucket: Sendable {
    /// What became of a request.
    public struct Outcome: Sendable, Hashable {
        /// Requests that may follow at once.
        public let remaining: Int
        /// Nanoseconds until the bucket is full again.
        public let refillNanoseconds: UInt64
        /// Nanoseconds until there is room for one; 0 when this one was admitted.
        public let waitNanoseconds: UInt64

        public var isAdmitted: Bool { waitNanoseconds == 0 }
        /// In whole seconds, rounded up.
        public var refillSeconds: Int { Int((refillNanoseconds + 999_999_999) / 1_000_000_000) }
        public var waitSeconds: Int { Int((waitNanoseconds + 999_999_999) / 1_000_000_000) }
    }

    private let fullAt = Atomic<UInt64>(0)

    public init() {}

    /// Takes one request, if there is room for it.
    /// - Parameter now: nanoseconds of a clock that never goes back; the same clock at every call.
    public func take(_ policy: RatePolicy, now: UInt64) -> Outcome {
        var known = fullAt.load(ordering: .relaxed)
        while true {
            let used = max(known, now) - now
            let wanted = used + policy.intervalNanoseconds
            guard wanted <= policy.capacityNanoseconds else {
                return Outcome(
                    remaining: 0, refillNanoseconds: used, waitNanoseconds: wanted - policy.capacityNanoseconds)
            }
            let (isTaken, current) = fullAt.weakCompareExchange(
                expected: known, desired: now + wanted, ordering: .relaxed)
            if isTaken {
                return Outcome(
                    remaining: Int((policy.capacityNanoseconds - wanted) / policy.intervalNanoseconds),
                    refillNanoseconds: wanted, waitNanoseconds: 0)
            }
            known = current
        }
    }

    /// Nothing has been taken of it that has not come back.
    func isFull(now: UInt64) -> Bool { fullAt.load(ordering: .relaxed) <= now }
}

/// Token buckets by key, a bounded number of them. Any thread.
public final class BucketTable<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var buckets: [Key: TokenBucket] = [:]
        var tidyNotBefore: UInt64 = 0
    }

    private final class Shard: Sendable {
        let state = Mutex(State())
        /// For those for whom there is no room: who come in such numbers share what one may do.
        let overflow = TokenBucket()
    }

    /// Looking for buckets that are full again walks a shard; not more often than this.
    private static var tidyPauseNanoseconds: UInt64 { 1_000_000_000 }

    private let shards: [Shard]
    private let bucketsMax: Int

    /// - Parameter bucketsMax: buckets kept in each of the shards; those that are full again make room for others.
    public init(bucketsMax: Int = 10_000, shards count: Int = 16) {
        self.bucketsMax = bucketsMax
        shards = (0..<count).map { _ in Shard() }
    }

    /// The bucket of `key`, made when there is none.
    public func bucket(for key: Key, now: UInt64) -> TokenBucket {
        let shard = shards[Int(UInt(bitPattern: key.hashValue) % UInt(shards.count))]
        return shard.state.withLock { state in
            if let known = state.buckets[key] { return known }
            if state.buckets.count >= bucketsMax {
                if now >= state.tidyNotBefore {
                    state.tidyNotBefore = now + Self.tidyPauseNanoseconds
                    state.buckets = state.buckets.filter { !$0.value.isFull(now: now) }
                }
                guard state.buckets.count < bucketsMax else { return shard.overflow }
            }
            let made = TokenBucket()
            state.buckets[key] = made
            return made
        }
    }

    public var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.buckets.count } } }
}

/// The clock of rate limits.
public enum MonotonicClock {
    public static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
