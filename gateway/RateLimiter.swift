import HTTP
import Identity
import Models
import Synchronization

/// A token bucket per credential, and one per address for requests without one: `--rate-limit` requests a second, bursts of twice
/// that.
public final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: ContinuousClock.Instant
    }

    /// Buckets kept in one shard; when there are more, those that are full again are dropped.
    static let bucketsMax = 10_000
    static let shards = 16

    private let perSecond: Double
    private let burst: Double
    private let tables: [Shard]

    private final class Shard: Sendable {
        let buckets = Mutex<[String: Bucket]>([:])
    }

    /// - Parameter perSecond: requests a second; 0 for no limit.
    public init(perSecond: Double) {
        self.perSecond = perSecond
        burst = max(1, perSecond * 2)
        tables = (0..<RateLimiter.shards).map { _ in Shard() }
    }

    /// Takes one request of a caller's.
    /// - Throws: 429 with the seconds after which there is room again.
    func take(_ principal: Principal) throws {
        guard perSecond > 0 else { return }
        try take("\(principal.kind.rawValue):\(principal.id)")
    }

    /// Takes one request of an address.
    func take(_ peer: Peer) throws {
        guard perSecond > 0, case .tcp(let address, _) = peer else { return }
        try take("address:" + address)
    }

    private func take(_ key: String) throws {
        let now = ContinuousClock.now
        let shard = tables[Int(UInt(bitPattern: key.hashValue) % UInt(RateLimiter.shards))]
        let missing = shard.buckets.withLock { buckets -> Double? in
            if buckets.count >= RateLimiter.bucketsMax {
                buckets = buckets.filter { refilled($0.value, now).tokens < burst }
            }
            var bucket = buckets[key].map { refilled($0, now) } ?? Bucket(tokens: burst, filledAt: now)
            defer { buckets[key] = bucket }
            guard bucket.tokens >= 1 else { return 1 - bucket.tokens }
            bucket.tokens -= 1
            return nil
        }
        guard let missing else { return }
        throw ServiceError(
            .rateLimited, "too many requests: at most \(perSecond) a second",
            retryAfterSeconds: max(1, Int((missing / perSecond).rounded(.up))))
    }

    private func refilled(_ bucket: Bucket, _ now: ContinuousClock.Instant) -> Bucket {
        let elapsed = bucket.filledAt.duration(to: now).components
        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
        return Bucket(tokens: min(burst, bucket.tokens + seconds * perSecond), filledAt: now)
    }
}
