public import Models
import Synchronization

/// A verified credential: its principal, and, made once for many requests, the assertion that tells services of it.
public final class VerifiedCredential: Sendable {
    public let principal: Principal
    /// The sign-in that it comes from.
    public let signIn: String?
    /// What its rate limit counts by: the same for all credentials of one caller, however often they are verified anew.
    public let bucket: TokenBucket

    private struct Assertion {
        let header: [UInt8]
        let until: Timestamp
    }

    private let assertion = Mutex<Assertion?>(nil)

    public init(principal: Principal, signIn: String? = nil, bucket: TokenBucket = TokenBucket()) {
        self.principal = principal
        self.signIn = signIn
        self.bucket = bucket
    }

    /// The value of `x-nexus-principal` to send on, with 30 s to live at least.
    public func assertion(by signer: AssertionSigner, now: Timestamp) throws(ServiceError) -> [UInt8] {
        try assertion.withLock { known throws(ServiceError) in
            if let known, known.until > now { return known.header }
            let header = try signer.sign(principal, expires: now.adding(seconds: InternalAssertion.lifetimeSeconds))
            let until = now.adding(seconds: InternalAssertion.lifetimeSeconds - InternalAssertion.renewalSeconds)
            known = Assertion(header: header, until: until)
            return header
        }
    }
}

/// From a credential to its principal, remembering for a few seconds what was found good. One per process; any thread.
///
/// What is bad is not remembered: finding it bad again costs a hash and a look-up. A revocation made in this process holds at
/// once (`invalidate`), one made in another within `trustSeconds`.
public final class CredentialVerifier: Sendable {
    /// How long a credential found good is taken for good: what a service run alone may miss of a revocation.
    public static let trustSeconds = 5.0
    /// The same for agents' tokens, which end with their run.
    public static let agentTrustSeconds = 1.0
    /// The most credentials remembered.
    public static let entriesMax = 16_384

    /// Which credentials are to be verified anew.
    public enum Invalidation: Sendable, Hashable {
        case apiKey(id: String)
        case user(id: String)
        case signIn(String)
        case run(id: String)
        case workspace(id: String)
        case all
    }

    private let store: IdentityStore?
    private let jwt: JWTVerifier
    private let agentTokens: @Sendable (ArraySlice<UInt8>, Timestamp) async throws -> Principal?
    private let buckets = BucketTable<String>()
    private let known = TokenCache<CredentialKey, VerifiedCredential>(entriesMax: entriesMax)

    /// - Parameters:
    ///   - store: nil for a service run alone where no gateway ever ran: tokens are then all that can be verified.
    ///   - agentTokens: gives the principal of an agent's token (its bytes, `nxa_…`), nil when there is none: the runs service's
    ///     knowledge.
    public init(
        jwt: JWTVerifier, store: IdentityStore?,
        agentTokens: @escaping @Sendable (ArraySlice<UInt8>, Timestamp) async throws -> Principal? = { _, _ in nil }
    ) {
        self.store = store
        self.jwt = jwt
        self.agentTokens = agentTokens
    }

    /// Rises with every `invalidate`: whoever keeps a principal for longer than a request looks again when it has.
    public var revocations: UInt64 { known.currentEpoch }

    /// What was found of a credential lately; nil when it must be verified. One look-up, no suspension.
    public func remembered(_ credential: Credential, now: Timestamp) -> VerifiedCredential? {
        known.value(for: CredentialKey(credential), now: now)
    }

    /// Verifies a credential.
    /// - Throws: `ServiceError.unauthenticated`, whatever is wrong with it; 503 and the like when it could not be found out.
    public func verify(_ credential: Credential, now: Timestamp) async throws -> VerifiedCredential {
        if let verified = remembered(credential, now: now) { return verified }
        guard credential.kind != .malformed else { throw ServiceError.unauthenticated }
        let epoch = known.currentEpoch
        let resolved = try await resolve(credential, now)
        let principal = resolved.principal
        // An agent's runs are callers of their own.
        let caller = principal.run?.runID ?? "\(principal.kind.rawValue):\(principal.id)"
        let verified = VerifiedCredential(
            principal: principal, signIn: resolved.signIn,
            bucket: buckets.bucket(for: caller, now: MonotonicClock.nanoseconds()))
        let trusted = credential.kind == .agentToken ? CredentialVerifier.agentTrustSeconds : CredentialVerifier.trustSeconds
        let until = now.adding(seconds: trusted)
        known.insert(
            verified, for: CredentialKey(credential).copied, expires: resolved.expires.map { min($0, until) } ?? until,
            epoch: epoch)
        return verified
    }

    /// Forgets what was found of some credentials: called when one is revoked, and when what its principal may do changes.
    public func invalidate(_ which: Invalidation) {
        known.removeAll { verified in
            let principal = verified.principal
            switch which {
            case .apiKey(let id): return principal.kind == .apiKey && principal.id == id
            case .user(let id): return principal.kind == .user && principal.id == id
            case .signIn(let id): return verified.signIn == id
            case .run(let id): return principal.run?.runID == id
            case .workspace(let id): return principal.memberships[id] != nil || principal.run?.workspace == id
            case .all: return true
            }
        }
    }

    private func resolve(_ credential: Credential, _ now: Timestamp) async throws -> ResolvedCredential {
        if credential.kind == .agentToken {
            guard Token.isWellFormed(credential.token, prefix: AgentToken.prefix),
                let principal = try await agentTokens(credential.token, now), principal.kind == .agent
            else { throw ServiceError.unauthenticated }
            return ResolvedCredential(principal: principal)
        }
        if let store { return try await store.principal(for: credential, jwt: jwt, now: now) }
        guard credential.kind == .jwt else { throw ServiceError.unauthenticated }
        let claims = try jwt.verify(credential.token, now: now)
        return ResolvedCredential(
            principal: claims.principal, expires: claims.expires.adding(seconds: JWTVerifier.leewaySeconds),
            signIn: claims.session)
    }
}

/// A credential as the cache knows it: the same bytes in another header are another credential.
private struct CredentialKey: ShardedKey {
    let kind: Credential.Kind
    let token: TokenKey

    init(_ credential: Credential) {
        kind = credential.kind
        token = TokenKey(credential.token)
    }

    private init(_ kind: Credential.Kind, _ token: TokenKey) {
        self.kind = kind
        self.token = token
    }

    var copied: CredentialKey { CredentialKey(kind, token.copied) }
    var shardHint: Int { token.shardHint }
}
