import HTTP
import Identity
import Loops
import Models
import Service
import Synchronization

/// A gateway that listens: the socket is bound first, so that its address is known to whoever is started next;
/// until the rest is there, requests are answered 503.
public final class GatewayProcess: Sendable {
    /// Answers with whatever it is given later.
    private final class LateResponder: Responder {
        private let responder = Mutex<(any Responder)?>(nil)

        func set(_ responder: any Responder) { self.responder.withLock { $0 = responder } }

        func respond(to request: Request) async -> Response {
            guard let responder = responder.withLock({ $0 }) else {
                return ErrorRendering.response(
                    ServiceError(.unavailable, "starting; try again", retryAfterSeconds: 1), requestID: nil)
            }
            return await responder.respond(to: request)
        }
    }

    /// Where it listens.
    public let address: SocketAddress
    /// Where this machine's own programs reach it: `address`, or, where TLS is spoken there, a Unix socket without it. They may
    /// have no reason to believe the certificate, and none of their own to show.
    public let internalAddress: SocketAddress
    public let base: SuiteBase
    private let log: Log
    private let server: HTTPServer
    private let tls: TLSServer?
    private let responder: LateResponder
    private let observation: Observation
    private let running = Mutex<(host: ServiceHost, work: Task<Void, Never>)?>(nil)

    /// Binds the socket.
    /// - Parameter passesOn: the services are elsewhere, and requests go to them over connections of their own.
    public init(_ configuration: GatewayConfiguration, base: SuiteBase, passesOn: Bool = false) throws {
        self.base = base
        let messages = base.log.named("gateway", level: configuration.service.logLevel)
        self.log = messages
        let file = "\(configuration.service.dataDirectory)/log/access.log"
        let log = try AccessLog.open(configuration.accessLog ?? .file(file), base.loops)
        let observation = Observation(base.loops, tracer: base.tracer, log: log)
        self.observation = observation
        responder = LateResponder()
        server = HTTPServer(
            group: base.loops, responder: responder,
            limits: configuration.limits.http(
                descriptorsMax: base.descriptorsMax, descriptorsPerRequest: passesOn ? 2 : 1),
            exempt: configuration.limits.trustedProxies.ranges
        ) { observation.refuse($0) }
        tls = try configuration.tls.map { configuration in
            try TLSServer(configuration) { peer, error in
                messages.info("TLS handshake refused", ["peer": peer, "cause": "\(error)"])
            }
        }
        address = try server.listen(on: configuration.listen, tls: tls)
        internalAddress = tls == nil ? address : try server.listen(on: configuration.internalAddress)
        if let tls { tell(of: tls.certificate, "speaking TLS") }
    }

    /// Opens the accounts and begins to answer.
    /// - Returns: the password of the user `admin` when this is the first start and none was given.
    public func open(_ configuration: GatewayConfiguration) async throws -> String? {
        let accounts = try await Accounts.open(configuration, base: base)
        let host = try await ServiceHost(
            "gateway", migrations: [], configuration: configuration.service, base: base,
            authenticator: RequestAuthenticator(verifier: base.verifier, clock: base.clock, direct: accounts.principal(_:of:))
        ) { GatewayService($0, accounts: accounts, configuration: configuration) }
        host.environment.metrics.observe { [server, base] in ServiceHost.samples(of: server, base.tracer) }
        let gateway = Gateway(
            own: host, proxy: Proxy(base.directory, signer: base.signer, clock: base.clock),
            limiter: RateLimiter(perSecond: configuration.limits.requestsPerSecond),
            proxies: configuration.limits.trustedProxies, accounts: accounts, observation: observation)
        let work = base.loops.next().task { await host.run() }
        running.withLock { $0 = (host, work) }
        if configuration.origins.isEmpty {
            responder.set(gateway)
        } else {
            responder.set(CORSResponder(policy: configuration.origins, gateway: gateway))
        }
        return accounts.firstPassword
    }

    /// As clients write its address: `https://127.0.0.1:8443`.
    public var url: String { address.url(isSecure: tls != nil) }

    /// SIGHUP: opens the access log's file anew, which was moved away, and reads certificate and key again. Connections go on; a
    /// certificate that cannot be used is logged, and changes nothing.
    public func reload() {
        observation.log?.reopen()
        guard let tls else { return }
        do {
            try tls.reload()
            tell(of: tls.certificate, "certificate read again")
        } catch {
            log.error("the certificate stays as it was", ["cause": "\(error)"])
        }
    }

    private func tell(of certificate: TLSCertificate, _ message: String) {
        let fields = ["subject": certificate.subject, "serial": certificate.serial, "not_after": certificate.notAfter]
        if certificate.isOutOfDate { log.warning("the certificate is out of date", fields) } else { log.info(message, fields) }
    }

    /// Stops accepting, lets what is in flight finish, and closes the accounts.
    public func close(within limit: Duration) async {
        await server.shutdown(within: limit)
        await observation.log?.close()
        guard let (host, work) = running.withLock({ $0 }) else { return }
        work.cancel()
        await work.value
        await host.close()
        await base.tracer.exporter?.close()
    }
}
