import HTTP
import Identity
import Loops
import Models

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the processes of a suite have in common: the event loops, the suite's keys, and where the services are.
public final class SuiteBase: Sendable {
    public let configuration: ServiceConfiguration
    public let loops: EventLoopGroup
    public let keys: SuiteKeys
    public let signer: AssertionSigner
    public let verifier: AssertionVerifier
    public let directory = Peers.Directory()
    public let clock: WallClock
    public let log: Log
    public let tracer: Tracer
    /// How many descriptors this process may have open: as many as the administrator allows.
    public let descriptorsMax = DescriptorLimit.raise()

    /// Loads the keys of the data folder, or makes them, and starts the loops: one a core.
    public init(_ configuration: ServiceConfiguration, clock: WallClock = .system, log: Log) throws {
        self.configuration = configuration
        self.clock = clock
        self.log = log
        try configuration.prepareFolders()
        keys = try SuiteKeys.load(orCreateIn: configuration.dataDirectory)
        signer = AssertionSigner(key: keys.assertion)
        verifier = AssertionVerifier(key: keys.assertion)
        loops = try EventLoopGroup(count: max(1, ProcessInfo.processInfo.activeProcessorCount))
        tracer = Tracer(loops, configuration.tracing, log: log)
    }

    /// The other services, called in `name`'s name.
    public func peers(for name: String) -> Peers { Peers(directory, name: name, signer: signer, clock: clock) }

    /// A service somewhere else.
    public func upstream(_ address: SocketAddress) -> Upstream { .socket(address) }

    /// Verifies credentials in a service that runs alone: by the accounts that a gateway has made in the same folder, if one has.
    public func directCredentials() throws -> @Sendable (Credential, Request) async throws -> Principal {
        let store = try IdentityStore.openExisting(in: configuration.dataDirectory, clock: clock)
        let verifier = CredentialVerifier(
            jwt: try jwtVerifier(), store: store, agentTokens: AgentTokens.resolver(by: peers(for: "direct")))
        let csrf = CSRF(key: keys.csrf)
        return { [clock] credential, request in
            try csrf.check(credential, header: request.headers.value(CSRF.header), isWrite: !request.method.isSafe)
            return try await verifier.verify(credential, now: clock.now()).principal
        }
    }

    /// Verifies tokens of the suite, and of the issuer that the configuration names.
    /// - Throws: `Options.Problem` when the key set cannot be read.
    public func jwtVerifier() throws -> JWTVerifier {
        guard let file = configuration.jwksFile else { return JWTVerifier(key: keys.jwt) }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Options.Problem(message: "--jwks-file: cannot read \(file)")
        }
        guard let issuer = configuration.jwtIssuer else {
            throw Options.Problem(message: "--jwks-file: needs --jwt-issuer")
        }
        let keySet = try JWKS(json: Array(data))
        return JWTVerifier(
            key: keys.jwt,
            issuers: [.init(name: "sso", issuer: issuer, audience: configuration.jwtAudience ?? "nexus", keys: keySet)])
    }
}

extension ServiceConfiguration {
    /// Makes the folders that every process of the suite expects, for this user alone.
    public func prepareFolders() throws {
        let sockets = socketPath("x").split(separator: "/").dropLast().joined(separator: "/")
        for folder in [dataDirectory, "/" + sockets] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }
}
