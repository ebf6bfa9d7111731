import Identity
import Models
import Testing

/// A store in a folder of its own, with what signs in and verifies on top of it, as a gateway has them.
final class StoreFixture: Sendable {
    static let now = TokenForge.now
    static let cheap = Password.Cost(logarithm: 4, blocks: 8, lanes: 1)

    private let folder = TemporaryFolder()
    let keys: SuiteKeys
    let store: IdentityStore
    let passwords = PasswordWorker(cost: cheap)
    let verifier: CredentialVerifier
    let authenticator: Authenticator

    init(agentTokens: @escaping @Sendable (ArraySlice<UInt8>, Timestamp) async throws -> Principal? = { _, _ in nil })
        async throws
    {
        keys = try SuiteKeys.load(orCreateIn: folder.path)
        store = try IdentityStore.open(in: folder.path)
        verifier = CredentialVerifier(jwt: JWTVerifier(key: keys.jwt), store: store, agentTokens: agentTokens)
        authenticator = Authenticator(store: store, passwords: passwords, keys: keys, verifier: verifier)
        _ = try await store.firstStart(password: "open sesame", passwords: passwords, now: Self.now)
    }

    deinit { store.close() }

    var path: String { folder.path }

    func addUser(_ name: String, _ role: Role, in workspace: String = "default") async throws -> User {
        try await store.createUser(
            NewUser(
                username: name, passwordHash: try await passwords.hash("password of \(name)"),
                memberships: [Membership(workspaceID: workspace, role: role)]), now: Self.now)
    }

    func signIn(
        _ name: String = "admin", _ password: String = "open sesame", withSession: Bool = false, at now: Timestamp = now
    ) async throws -> Authenticator.SignedIn {
        try await authenticator.signIn(
            username: name, password: password, withSession: withSession, address: "192.0.2.1", now: now)
    }

    /// Who a token stands for at a time; nil when it is refused as every bad credential is.
    func principal(_ credential: Credential, at now: Timestamp = now) async throws -> Principal? {
        do {
            return try await verifier.verify(credential, now: now).principal
        } catch let error as ServiceError {
            #expect(error == .unauthenticated)
            return nil
        }
    }

    func principal(_ token: String, at now: Timestamp = now) async throws -> Principal? {
        try await principal(Credential(bearer: token), at: now)
    }
}

/// The kind of the error that `body` throws; nil when it throws none.
func errorKind(_ body: () async throws -> Void) async -> ServiceError.Kind? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? ServiceError)?.kind
    }
}
