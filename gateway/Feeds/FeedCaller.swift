import Identity
import Models

/// Whoever listens to a feed: a credential that is looked at again as long as the connection lasts. Confined to its connection's
/// loop.
final class FeedCaller: @unchecked Sendable {  // Confined to its connection's loop.
    /// What the suite trusts a credential for without looking again, and what a subscriber may still hear after a revocation that
    /// was made in another process.
    static let trustSeconds = CredentialVerifier.trustSeconds

    private let accounts: Accounts
    private let credential: Credential
    private(set) var principal: Principal
    private var checkedAt: Timestamp
    private var epoch: UInt64

    init(_ accounts: Accounts, _ credential: Credential, _ principal: Principal) {
        self.accounts = accounts
        self.credential = credential.copied
        self.principal = principal
        checkedAt = accounts.clock.now()
        epoch = accounts.verifier.revocations
    }

    /// Whether the credential has to be looked at again: after a while, and after any revocation.
    var isDue: Bool {
        epoch != accounts.verifier.revocations || accounts.clock.now().seconds(since: checkedAt) >= FeedCaller.trustSeconds
    }

    /// Looks again.
    /// - Returns: whether the principal is another than before.
    /// - Throws: 401 when the credential has expired or was revoked.
    func check() async throws -> Bool {
        let revocations = accounts.verifier.revocations
        let now = accounts.clock.now()
        let verified = try await accounts.verifier.verify(credential, now: now)
        (epoch, checkedAt) = (revocations, now)
        guard verified.principal != principal else { return false }
        principal = verified.principal
        return true
    }
}
