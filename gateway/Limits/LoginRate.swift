import HTTP
import Identity
import Models

/// How often one address may call `/auth/login` and `/auth/refresh`, whether or not it succeeds (`--login-rate`): each sign-in
/// costs a fifth of a second of a processor. Guessing is slowed by `LoginThrottle`, far below this.
public final class LoginRate: Sendable {
    private let policy: RatePolicy?
    private let addresses = BucketTable<IPAddress>(bucketsMax: 2000)

    /// - Parameter perMinute: attempts a minute, and at once; 0 for no limit.
    public init(perMinute: Int) {
        policy = perMinute > 0 ? RatePolicy(perSecond: Double(perMinute) / 60, burst: perMinute) : nil
    }

    /// - Throws: 429 with the seconds after which there is room again.
    func take(_ peer: Peer) throws(ServiceError) {
        guard let policy, let address = peer.ipAddress else { return }
        let now = MonotonicClock.nanoseconds()
        let outcome = addresses.bucket(for: address.client, now: now).take(policy, now: now)
        if outcome.isAdmitted { return }
        let seconds = max(1, outcome.waitSeconds)
        throw ServiceError(
            .rateLimited, "too many sign-ins from this address; try again in \(seconds) s", retryAfterSeconds: seconds)
    }
}

extension Peer {
    /// What attempts are counted by: the client's address, or the whole network that an IPv6 client has to itself.
    var throttleKey: String {
        guard case .tcp(let address, _) = self else { return "local" }
        return ipAddress?.client.description ?? address
    }
}
