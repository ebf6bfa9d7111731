import HTTP
import Identity
import Models

/// A token bucket per caller, and one per address for requests without a good credential and for the gateway's own pages:
/// `--rate-limit` requests a second, bursts of twice that.
///
/// Every answer says how much is left (draft-ietf-httpapi-ratelimit-headers-10).
public final class RateLimiter: Sendable {
    private let policy: RatePolicy?
    private let addresses = BucketTable<IPAddress>()
    private let callerFields: [UInt8]
    private let addressFields: [UInt8]

    /// - Parameter perSecond: requests a second; 0 for no limit.
    public init(perSecond: Double) {
        policy = perSecond > 0 ? RatePolicy(perSecond: perSecond) : nil
        callerFields = policy.map { Allowance.fields(.caller, $0) } ?? []
        addressFields = policy.map { Allowance.fields(.address, $0) } ?? []
    }

    /// Takes one request of a caller's; nil when there is no limit.
    func take(_ caller: VerifiedCredential) -> Allowance? {
        guard let policy else { return nil }
        return allowance(.caller, caller.bucket.take(policy, now: MonotonicClock.nanoseconds()))
    }

    /// Takes one request of an address; nil when there is no limit, or no address.
    func take(_ peer: Peer) -> Allowance? {
        guard let policy, let address = peer.ipAddress else { return nil }
        let now = MonotonicClock.nanoseconds()
        return allowance(.address, addresses.bucket(for: address.client, now: now).take(policy, now: now))
    }

    private func allowance(_ scope: Allowance.Scope, _ outcome: TokenBucket.Outcome) -> Allowance {
        Allowance(scope: scope, outcome: outcome, fields: scope == .caller ? callerFields : addressFields)
    }
}

/// What is left of somebody's rate after a request.
struct Allowance: Sendable {
    /// Whose rate it is; the name of the policy.
    enum Scope: String, Sendable {
        case caller, address
    }

    let scope: Scope
    let outcome: TokenBucket.Outcome
    /// Made once for all answers.
    let fields: [UInt8]

    /// - Throws: 429 with the seconds after which there is room again.
    func check() throws(ServiceError) {
        if outcome.isAdmitted { return }
        throw ServiceError(
            .rateLimited, "too many requests from this \(scope.rawValue): slow down",
            retryAfterSeconds: max(1, outcome.waitSeconds))
    }

    /// Tells the client: `RateLimit-Policy: "caller";q=200;w=2` and `RateLimit: "caller";r=198;t=1`, each with its line end.
    func append(to head: inout [UInt8]) {
        head.append(contentsOf: fields)
        Allowance.append(outcome.remaining, to: &head)
        head.append(contentsOf: [59, 116, 61])
        Allowance.append(outcome.refillSeconds, to: &head)
        head.append(contentsOf: [13, 10])
    }

    /// All that is the same for every answer: the policy, and the beginning of what is left.
    static func fields(_ scope: Scope, _ policy: RatePolicy) -> [UInt8] {
        Array(
            """
            ratelimit-policy: "\(scope.rawValue)";q=\(policy.burst);w=\(policy.windowSeconds)\r
            ratelimit: "\(scope.rawValue)";r=
            """.utf8)
    }

    private static func append(_ number: Int, to output: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &output) }
        output.append(UInt8(truncatingIfNeeded: number % 10) + 48)
    }
}
