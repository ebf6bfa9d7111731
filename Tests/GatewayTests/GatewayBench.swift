import HTTP
import Identity
import Models
import Service
import SuiteTesting

@testable import Gateway

/// A gateway in this process, with a store of its own and no services behind it.
final class GatewayBench: Sendable {
    static let password = "open sesame"

    let base: SuiteBase
    let accounts: Accounts
    let gateway: Gateway
    private let host: ServiceHost

    init(rateLimit: Double = 0, loginsPerMinute: Int = 300, proxies: String = "") async throws {
        var configuration = GatewayConfiguration(
            ServiceConfiguration(dataDirectory: TestBench.makeFolder()), listen: .tcp(host: "127.0.0.1", port: 0))
        configuration.limits.requestsPerSecond = rateLimit
        configuration.limits.loginsPerMinute = loginsPerMinute
        base = try SuiteBase(configuration.service, log: Log(service: "test", write: Log.silent))
        let accounts = try await Accounts.open(configuration, base: base)
        self.accounts = accounts
        host = try await ServiceHost(
            "gateway", migrations: [], configuration: configuration.service, base: base,
            authenticator: RequestAuthenticator(verifier: base.verifier, clock: base.clock, direct: accounts.principal(_:of:))
        ) { [configuration] in GatewayService($0, accounts: accounts, configuration: configuration) }
        gateway = Gateway(
            own: host, proxy: Proxy(base.directory, signer: base.signer, clock: base.clock),
            limiter: RateLimiter(perSecond: rateLimit), proxies: TrustedProxies(proxies) ?? .none,
            accounts: accounts, observation: Observation(base.loops, tracer: base.tracer))
    }

    /// An answer, whole.
    struct Reply: Sendable {
        let status: UInt16
        let headers: Headers
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }

        func json() throws -> JSONValue { try JSON.decode(JSONValue.self, from: bytes) }
    }

    func stop() async {
        await host.close()
        accounts.store.close()
    }

    /// A token with a role in a workspace, as `nexus token` makes it.
    func token(_ role: Role, in workspace: String = "default") throws -> String {
        let now = base.clock.now()
        return try JWTSigner(key: base.keys.jwt).sign(
            Claims(subject: "operator", role: role, workspace: workspace, issuedAt: now, expires: now.adding(seconds: 600)))
    }

    /// An API key of the workspace `default`.
    func key(_ role: Role, scopes: Set<Scope>?) async throws -> String {
        try await accounts.store.createAPIKey(
            name: "key", role: role, scopes: scopes, expiresAt: nil, workspace: "default", by: .suite, now: base.clock.now()
        ).secret
    }

    /// A user with a role in a workspace; no password fits.
    func user(_ name: String, _ role: Role, in workspace: String = "default") async throws -> User {
        try await accounts.store.createUser(
            NewUser(username: name, passwordHash: "none", memberships: [Membership(workspaceID: workspace, role: role)]),
            now: base.clock.now())
    }

    func send(
        _ method: HTTP.Method, _ target: String, _ json: String? = nil, bearer: String? = nil, headers: [(String, String)] = [],
        from address: String = "192.0.2.1"
    ) async throws -> Reply {
        var head = Headers()
        if let bearer { head.add("authorization", "Bearer \(bearer)") }
        for (name, value) in headers { head.add(name, value) }
        var request = Request(method, target, headers: head, body: json.map { .bytes(Array($0.utf8)) } ?? .empty)
        request.peer = .tcp(address: address, port: 4711)
        let answering: Task<Reply, any Error> = base.loops.next().task { [gateway, request] in
            let response = await gateway.respond(to: request)
            var head: [UInt8] = []
            response.observer?.appendFields(to: &head)
            var headers = response.headers
            // As the connection sends them: those that the gateway adds to every answer among them.
            for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers.add(String(parts[0]), String(parts[1].dropFirst()))
            }
            return Reply(
                status: response.status.code, headers: headers, bytes: try await response.wholeBody(upTo: 1 << 20))
        }
        return try await answering.value
    }
}
