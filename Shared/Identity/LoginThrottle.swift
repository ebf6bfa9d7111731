public import Models

/// Slows guessing at the sign-in: a few free attempts for a username from an address, then a wait that doubles; and a wider
/// allowance for an address with whatever usernames. A username alone is never locked, or anyone could lock anyone out.
///
/// A value without a clock: the caller keeps it behind a lock and says what time it is. An attempt counts as failed from the
/// moment it is admitted, so a thousand sent at once get no more tries than a thousand in a row.
public struct LoginThrottle: Sendable {
    public struct Limits: Sendable {
        /// Attempts before the first wait, for a username from an address.
        public var freeAttempts = 5
        /// Attempts before the first wait, for an address.
        public var freeAttemptsOfAddress = 50
        /// The first wait; each further failure doubles it.
        public var waitSeconds = 1.0
        /// The longest wait.
        public var waitSecondsMax = 300.0
        /// After this long without an attempt all is forgotten.
        public var memorySeconds = 900.0
        /// The most usernames and addresses remembered; the ones seen longest ago are forgotten first.
        public var entriesMax = 20_000

        public init() {}
    }

    private struct Key: Hashable {
        let address: String
        let username: String?
    }

    private struct Entry {
        var failures = 0
        var last: Timestamp
        var notBefore: Timestamp
    }

    private let limits: Limits
    private var entries: [Key: Entry] = [:]

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// How many usernames and addresses are remembered.
    public var count: Int { entries.count }

    /// Admits an attempt and counts it.
    /// - Throws: `ServiceError` 429 with the seconds to wait.
    public mutating func admit(username: String, address: String, now: Timestamp) throws(ServiceError) {
        let pair = Key(address: address, username: LoginThrottle.folded(username))
        let alone = Key(address: address, username: nil)
        let notBefore = max(waiting(pair, now), waiting(alone, now))
        if notBefore > now {
            let seconds = max(1, Int(notBefore.seconds(since: now).rounded(.up)))
            throw ServiceError(.rateLimited, "too many sign-in attempts; try again in \(seconds) s", retryAfterSeconds: seconds)
        }
        count(pair, free: limits.freeAttempts, now)
        count(alone, free: limits.freeAttemptsOfAddress, now)
        if entries.count > limits.entriesMax { forget(now) }
    }

    /// Forgets the failures of a username from an address, and takes this attempt back from the address.
    public mutating func succeeded(username: String, address: String) {
        entries[Key(address: address, username: LoginThrottle.folded(username))] = nil
        let alone = Key(address: address, username: nil)
        entries[alone]?.failures -= 1
        if let entry = entries[alone], entry.failures < limits.freeAttemptsOfAddress { entries[alone]?.notBefore = entry.last }
    }

    private func waiting(_ key: Key, _ now: Timestamp) -> Timestamp {
        guard let entry = entries[key], now.seconds(since: entry.last) < limits.memorySeconds else { return now }
        return entry.notBefore
    }

    private mutating func count(_ key: Key, free: Int, _ now: Timestamp) {
        var entry = entries[key] ?? Entry(last: now, notBefore: now)
        if now.seconds(since: entry.last) >= limits.memorySeconds { entry.failures = 0 }
        entry.failures += 1
        entry.last = now
        let over = entry.failures - free
        if over >= 0 {
            var wait = limits.waitSeconds
            for _ in 0..<min(over, 32) where wait < limits.waitSecondsMax { wait *= 2 }
            entry.notBefore = now.adding(seconds: min(wait, limits.waitSecondsMax))
        } else {
            entry.notBefore = now
        }
        entries[key] = entry
    }

    /// Usernames are looked up without regard to case, so they are counted so; and none is remembered longer than a username can
    /// be.
    private static func folded(_ username: String) -> String { String(username.lowercased().prefix(64)) }

    private mutating func forget(_ now: Timestamp) {
        entries = entries.filter { now.seconds(since: $0.value.last) < limits.memorySeconds }
        guard entries.count > limits.entriesMax else { return }
        let kept = entries.sorted { $0.value.last > $1.value.last }.prefix(limits.entriesMax / 2)
        entries = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
