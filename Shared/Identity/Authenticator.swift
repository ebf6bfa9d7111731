public import Models
import Synchronization

/// Signs operators in and out: `POST /auth/login`, `/auth/refresh`, `/auth/logout`.
public final class Authenticator: Sendable {
    /// How long an access token is good: short, since one that was copied works until then, unless its sign-in ends before.
    public static let accessSeconds = 900.0
    /// How long a sign-in can be renewed.
    public static let signInSeconds = 30.0 * 86_400
    /// How long a session cookie is good.
    public static let cookieSeconds = 7.0 * 86_400

    /// What a client gets.
    public struct SignedIn: Sendable {
        public let accessToken: String
        public let expiresInSeconds: Int
        public let refreshToken: String
        /// What writes by the session cookie must carry; of no use without one.
        public let csrfToken: String
        /// The value of the cookie `nexus_session`, when one was asked for.
        public let sessionCookie: String?
        public let user: User
    }

    private let store: IdentityStore
    private let passwords: PasswordWorker
    private let signer: JWTSigner
    private let csrf: CSRF
    private let verifier: CredentialVerifier
    private let throttle: Mutex<LoginThrottle>

    /// - Parameter verifier: whose cache forgets what a sign-out ends.
    public init(
        store: IdentityStore, passwords: PasswordWorker, keys: SuiteKeys, verifier: CredentialVerifier,
        throttle: LoginThrottle.Limits = LoginThrottle.Limits()
    ) {
        self.store = store
        self.passwords = passwords
        self.verifier = verifier
        signer = JWTSigner(key: keys.jwt)
        csrf = CSRF(key: keys.csrf)
        self.throttle = Mutex(LoginThrottle(limits: throttle))
    }

    /// Signs in.
    /// - Parameters:
    ///   - withSession: a cookie is wanted, too.
    ///   - address: the client's, for the throttle.
    /// - Throws: `ServiceError` 401 for an unknown or disabled user and a wrong password alike, 429 after too many attempts, 503.
    public func signIn(username: String, password: String, withSession: Bool, address: String, now: Timestamp) async throws
        -> SignedIn
    {
        try throttle.withLock { throttle throws(ServiceError) in
            try throttle.admit(username: username, address: address, now: now)
        }
        let known = try await store.passwordHash(ofUsername: username)
        guard try await passwords.verify(password, against: known?.hash), let known else {
            throw ServiceError(.unauthenticated, "the username or the password is wrong", code: "bad_credentials")
        }
        throttle.withLock { $0.succeeded(username: username, address: address, now: now) }
        let refresh = Token.make("nxr_")
        let cookie = withSession ? Token.make("nxs_") : nil
        let id = try await store.createSignIn(
            user: known.id, refreshHash: Token.hash(refresh.utf8), cookieHash: cookie.map { Token.hash($0.utf8) },
            cookieExpires: cookie.map { _ in now.adding(seconds: Authenticator.cookieSeconds) },
            expires: now.adding(seconds: Authenticator.signInSeconds), now: now)
        return try await signedIn(user: known.id, signIn: id, refresh: refresh, cookie: cookie, now)
    }

    /// Exchanges a refresh token for a new one and a new access token. Each is good once: the reuse of an old one ends the whole
    /// sign-in, since either its owner or a thief holds the newer.
    /// - Parameter address: the client's, for the throttle.
    /// - Throws: `ServiceError.unauthenticated`; 429 after too many attempts that failed.
    public func refresh(_ token: String, address: String = "local", now: Timestamp) async throws -> SignedIn {
        try throttle.withLock { throttle throws(ServiceError) in try throttle.admitRenewal(address: address, now: now) }
        do {
            return try await renewed(token, now)
        } catch let error as ServiceError where error.kind == .unauthenticated {
            throttle.withLock { $0.renewalFailed(address: address, now: now) }
            throw error
        }
    }

    private func renewed(_ token: String, _ now: Timestamp) async throws -> SignedIn {
        guard Token.isWellFormed(ArraySlice(Array(token.utf8)), prefix: "nxr_") else { throw ServiceError.unauthenticated }
        let next = Token.make("nxr_")
        switch try await store.refresh(hash: Token.hash(token.utf8), newHash: Token.hash(next.utf8), now: now) {
        case .unknown: throw ServiceError.unauthenticated
        case .reused(let signIn):
            verifier.invalidate(.signIn(signIn))
            throw ServiceError.unauthenticated
        case .renewed(let signIn, let user):
            return try await signedIn(user: user, signIn: signIn, refresh: next, cookie: nil, now)
        }
    }

    /// Ends a sign-in, found by whichever is given: its refresh token, the cookie or the access token that the request carried.
    /// Without any that is known there is nothing to end, which is no error.
    public func signOut(refreshToken: String?, credential: Credential?, now: Timestamp) async throws {
        if let refreshToken { try await end(refreshHash: Token.hash(refreshToken.utf8), cookieHash: nil, now) }
        guard let credential else { return }
        switch credential.kind {
        case .session: try await end(refreshHash: nil, cookieHash: Token.hash(credential.token), now)
        case .jwt:
            guard let signIn = try await verifier.verify(credential, now: now).signIn else { return }
            try await store.endSignIn(signIn, now: now)
            verifier.invalidate(.signIn(signIn))
        case .apiKey, .agentToken, .malformed: return
        }
    }

    private func end(refreshHash: [UInt8]?, cookieHash: [UInt8]?, _ now: Timestamp) async throws {
        guard let id = try await store.endSignIn(refreshHash: refreshHash, cookieHash: cookieHash, now: now) else { return }
        verifier.invalidate(.signIn(id))
    }

    private func signedIn(user id: String, signIn: String, refresh: String, cookie: String?, _ now: Timestamp) async throws
        -> SignedIn
    {
        let user = try await store.user(id)
        let principal = try await store.principal(ofUser: id)
        let expires = now.adding(seconds: Authenticator.accessSeconds)
        let claims = Claims(
            subject: id, name: user.displayName, workspace: principal?.homeWorkspace ?? Workspace.first,
            memberships: principal?.memberships ?? [:], issuedAt: now, expires: expires, session: signIn)
        return SignedIn(
            accessToken: try signer.sign(claims), expiresInSeconds: Int(Authenticator.accessSeconds), refreshToken: refresh,
            csrfToken: csrf.token(for: (cookie ?? signIn).utf8), sessionCookie: cookie, user: user)
    }
}
