import HTTP
import Identity
import Models

/// Finds out who sends a request: from the gateway's signed principal, or, in a service that runs alone, from the credential
/// itself.
public struct RequestAuthenticator: Sendable {
    private let verifier: AssertionVerifier
    private let clock: WallClock
    private let direct: (@Sendable (Credential, Request) async throws -> Principal)?
    private let isInsecureLocal: Bool

    /// - Parameters:
    ///   - direct: verifies credentials here; nil behind a gateway, where nothing but the signed principal counts.
    ///   - isInsecureLocal: a local request without a credential acts as the owner of the default workspace.
    public init(
        verifier: AssertionVerifier, clock: WallClock = .system,
        direct: (@Sendable (Credential, Request) async throws -> Principal)? = nil, isInsecureLocal: Bool = false
    ) {
        self.verifier = verifier
        self.clock = clock
        self.direct = direct
        self.isInsecureLocal = isInsecureLocal
    }

    /// The caller; nil when the request carries no credential.
    /// - Throws: 401 when it carries a bad one.
    public func principal(of request: Request) async throws -> Principal? {
        if let assertion = request.headers.value(InternalAssertion.header) {
            return try verifier.principal(assertion, now: clock.now())
        }
        let credential = Credential.from(
            authorization: request.headers.value("authorization"), apiKeyHeader: request.headers.value("x-nexus-api-key"),
            cookie: request.headers.value("cookie"))
        if let credential, let direct { return try await direct(credential, request) }
        let isLocal = isInsecureLocal && request.peer.isLocal && RequestAuthenticator.isFromThisMachine(request)
        return credential == nil && isLocal ? RequestAuthenticator.localOwner : nil
    }

    /// Whether a local connection speaks for someone at this machine: not for a page of another site in a browser here, whose
    /// requests carry its `Origin`, nor for one whose own name was made to resolve to loopback, which is then the `Host`.
    private static func isFromThisMachine(_ request: Request) -> Bool {
        if let origin = request.headers["origin"] {
            guard let mark = origin.firstRange(of: "://"), isLoopback(origin[mark.upperBound...]) else { return false }
        }
        return request.headers["host"].map { isLoopback($0[...]) } ?? true
    }

    /// Whether `HOST` or `HOST:PORT` names this machine by its loopback address.
    private static func isLoopback(_ authority: Substring) -> Bool {
        if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
        let host = authority.prefix { $0 != ":" }
        return host == "localhost" || (host.hasPrefix("127.") && host.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 })
    }

    /// Who a request is from under `--insecure-local`.
    static let localOwner = Principal(
        kind: .user, id: "user_local", name: "local", homeWorkspace: "default", memberships: ["default": .owner])

    /// Who a request without a credential is from, on an open route.
    static let nobody = Principal(kind: .user, id: "anonymous", name: "anonymous", homeWorkspace: "default")
}
