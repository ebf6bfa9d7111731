import HTTP
import Identity
import Models
import Service

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Who there is, and how they prove it: the store, the sign-in, and the verifier of every credential that a request can carry.
public struct Accounts: Sendable {
    let store: IdentityStore
    let verifier: CredentialVerifier
    let authenticator: Identity.Authenticator
    let passwords: PasswordWorker
    let csrf: CSRF
    let clock: WallClock
    /// The random password of the user `admin`, when this was the first start.
    public let firstPassword: String?

    /// The variable that gives the first user's password.
    static let passwordVariable = "NEXUS_ADMIN_PASSWORD"

    /// Opens `DIR/identity.sqlite`, and makes the user `admin` when there is nobody yet.
    static func open(_ configuration: GatewayConfiguration, base: SuiteBase) async throws -> Accounts {
        let store = try IdentityStore.open(in: configuration.service.dataDirectory, clock: base.clock)
        let passwords = PasswordWorker()
        let given = ProcessInfo.processInfo.environment[passwordVariable]
        let first = try await store.firstStart(password: given, passwords: passwords, now: base.clock.now())
        let verifier = CredentialVerifier(
            jwt: try base.jwtVerifier(), store: store, agentTokens: AgentTokens.resolver(by: base.peers(for: "gateway")))
        return Accounts(
            store: store, verifier: verifier,
            authenticator: Identity.Authenticator(store: store, passwords: passwords, keys: base.keys, verifier: verifier),
            passwords: passwords, csrf: CSRF(key: base.keys.csrf), clock: base.clock, firstPassword: first)
    }

    /// As `verify`, for the gateway's own routes.
    @Sendable func principal(_ credential: Credential, of request: Request) async throws -> Principal {
        try await verify(credential, of: request).principal
    }

    /// What was found of a credential lately; nil when it was not looked at, or found bad.
    func remembered(_ credential: Credential) -> VerifiedCredential? { verifier.remembered(credential, now: clock.now()) }

    /// Verifies a request's credential; a write by session cookie must carry its CSRF token.
    /// - Throws: 401; 403 for a missing CSRF token.
    func verify(_ credential: Credential, of request: Request) async throws -> VerifiedCredential {
        let now = clock.now()
        let verified: VerifiedCredential
        if let known = verifier.remembered(credential, now: now) {
            verified = known
        } else {
            verified = try await verifier.verify(credential, now: now)
        }
        try csrf.check(credential, header: request.headers.value(CSRF.header), isWrite: !request.method.isSafe)
        return verified
    }
}
