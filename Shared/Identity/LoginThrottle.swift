public import Models

/// Slows guessing at the sign-in: a few free attempts for a username from an address, then a wait that doubles; a wider allowance
/// for an address with whatever usernames, and for a username from whatever addresses.
///
/// The last holds up only addresses from which nobody has signed in with that username lately, and never for long, or anyone
/// could lock anyone out.
///
/// A value without a clock: the caller keeps it behind a lock and says what time it is. An attempt counts as failed from the
/// moment it is admitted, so a thousand sent at once get no more tries than a thousand in a row.
public struct LoginThrottle: Sendable {
    public struct Limits: Sendable {
        /// Attempts before the first wait, for a username from an address.
        public var freeAttempts = 5
        /// Attempts before the first wait, for an address.
        public var freeAttemptsOfAddress = 50
        /// Attempts before the first wait, for a username from all addresses that it has not signed in from.
        public var freeAttemptsOfUsername = 100
        /// The longest wait of such a username.
        public var waitSecondsOfUsernameMax = 30.0
        /// How long an address counts as one that a username has signed in from.
        public var knownSeconds = 30.0 * 86_400
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
        let address: String?
        let username: String?
    }

    private struct Entry {
        var failures = 0
        var last: Timestamp
        var notBefore: Timestamp
    }

    private let limits: Limits
    private var entries: [Key: Entry] = [:]
    /// When a username last signed in from an address.
    private var known: [Key: Timestamp] = [:]

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// How many usernames and addresses are remembered.
    public var count: Int { entries.count }

    /// Admits an attempt and counts it.
    /// - Throws: `ServiceError` 429 with the seconds to wait.
    public mutating func admit(username: String, address: String, now: Timestamp) throws(ServiceError) {
        let pair = Key(address: address, username: LoginThrottle.folded(username))
        let alone = Key(address: address, username: nil)
        let everywhere = Key(address: nil, username: pair.username)
        let isKnown = known[pair].map { now.seconds(since: $0) < limits.knownSeconds } ?? false
        try refuse(until: max(waiting(pair, now), waiting(alone, now), isKnown ? now : waiting(everywhere, now)), now)
        count(pair, free: limits.freeAttempts, now)
        count(alone, free: limits.freeAttemptsOfAddress, now)
        if !isKnown {
            count(everywhere, free: limits.freeAttemptsOfUsername, waitMax: limits.waitSecondsOfUsernameMax, now)
        }
        if entries.count > limits.entriesMax { forget(now) }
    }

    /// Admits an attempt to renew a sign-in; counts nothing, since most are good.
    /// - Throws: `ServiceError` 429 with the seconds to wait.
    public func admitRenewal(address: String, now: Timestamp) throws(ServiceError) {
        try refuse(until: waiting(Key(address: address, username: nil), now), now)
    }

    /// Counts a renewal that failed.
    public mutating func renewalFailed(address: String, now: Timestamp) {
        count(Key(address: address, username: nil), free: limits.freeAttemptsOfAddress, now)
        if entries.count > limits.entriesMax { forget(now) }
    }

    private func refuse(until notBefore: Timestamp, _ now: Timestamp) throws(ServiceError) {
        guard notBefore > now else { return }
        let seconds = max(1, Int(notBefore.seconds(since: now).rounded(.up)))
        throw ServiceError(.rateLimited, "too many sign-in attempts; try again in \(seconds) s", retryAfterSeconds: seconds)
    }

    /// Forgets the failures of a username from an address, and takes this attempt back from the address and from the username.
    public mutating func succeeded(username: String, address: String, now: Timestamp) {
        let pair = Key(address: address, username: LoginThrottle.folded(username))
        entries[pair] = nil
        takeBack(Key(address: address, username: nil), free: limits.freeAttemptsOfAddress)
        if known[pair] == nil { takeBack(Key(address: nil, username: pair.username), free: limits.freeAttemptsOfUsername) }
        known[pair] = now
        if known.count > limits.entriesMax {
            let kept = known.sorted { $0.value > $1.value }.prefix(limits.entriesMax / 2)
            known = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        }
    }

    private mutating func takeBack(_ key: Key, free: Int) {
        entries[key]?.failures -= 1
        if let entry = entries[key], entry.failures < free { entries[key]?.notBefore = entry.last }
    }

    private func waiting(_ key: Key, _ now: Timestamp) -> Timestamp {
        // A clock that was set back must not hold up anybody until it has caught up.
        guard let entry = entries[key], entry.last <= now, now.seconds(since: entry.last) < limits.memorySeconds else {
            return now
        }
        return entry.notBefore
    }

    private mutating func count(_ key: Key, free: Int, waitMax: Double? = nil, _ now: Timestamp) {
        var entry = entries[key] ?? Entry(last: now, notBefore: now)
        if now.seconds(since: entry.last) >= limits.memorySeconds { entry.failures = 0 }
        entry.failures += 1
        entry.last = now
        let over = entry.failures - free
        if over >= 0 {
            let waitMax = waitMax ?? limits.waitSecondsMax
            var wait = limits.waitSeconds
            for _ in 0..<min(over, 32) where wait < waitMax { wait *= 2 }
            entry.notBefore = now.adding(seconds: min(wait, waitMax))
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
