import HTTP
import Identity
import Loops
import Models

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the nine mains call: one service alone, with its own listener.
public enum ServiceMain {
    /// Ports of services that listen on TCP, from 8081 on in the order of their names in `API.md`.
    static func defaultListen(_ name: ServiceName) -> String {
        let index = ServiceName.allCases.firstIndex(of: name) ?? 0
        return "127.0.0.1:\(8081 + index)"
    }

    /// Runs the service until SIGTERM or SIGINT, drains, and ends the process: 0, or 1 when it could not start, or 2 for its
    /// options.
    public static func run(_ type: any NexusService.Type) async -> Never {
        Signals.capture()
        let log = Log(service: type.name.rawValue)
        do {
            let options = try Options(
                ServiceConfiguration.options + [
                    Option("listen", "ADDRESS", "HOST:PORT or unix:PATH", default: defaultListen(type.name)),
                    Option("insecure-local", nil, "answer local requests without a credential; loopback and Unix sockets only"),
                ],
                usage: "usage: \(type.name.rawValue)-api [options]\nThe \(type.name.rawValue) service of Nexus, alone.",
                arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
            try options.refusePositionals()
            try await serve(type, options, log)
            Output.exit(0)
        } catch {
            Output.exit(Output.report(error, as: "\(type.name.rawValue)-api"))
        }
    }

    private static func serve(_ type: any NexusService.Type, _ options: Options, _ log: Log) async throws {
        var configuration = try ServiceConfiguration(options)
        guard let address = SocketAddress(options.string("listen") ?? "") else {
            throw Options.Problem(message: "--listen: '\(options.string("listen") ?? "")' is neither HOST:PORT nor unix:PATH")
        }
        configuration.insecureLocal = options.flag("insecure-local")
        if configuration.insecureLocal {
            guard address.isLocal else { throw Options.Problem(message: "--insecure-local: only with a loopback address") }
            log.warning("INSECURE: every local request acts as the owner, without a credential (--insecure-local)")
        }
        Supervision.dieWithSupervisor()
        let base = try SuiteBase(configuration, log: log)
        try configuration.prepareFolders()
        let authenticator = RequestAuthenticator(
            verifier: base.verifier, direct: try base.directCredentials(), isInsecureLocal: configuration.insecureLocal)
        for name in ServiceName.allCases where name != type.name {
            let peer = configuration.peers[name] ?? .unix(path: configuration.socketPath("\(name.rawValue)-api"))
            base.directory.connect(name, to: base.upstream(peer))
        }
        if configuration.publicURL == nil, case .tcp = address { configuration.publicURL = "http://\(address)" }
        let host = try await ServiceHost(type, configuration: configuration, base: base, authenticator: authenticator)
        base.directory.connect(type.name, to: .inProcess(host))
        var limits = HTTPLimits()
        limits.connectionsMax = HTTPLimits.connectionsMax(base.descriptorsMax)
        let server = HTTPServer(group: base.loops, responder: host, limits: limits) {
            ErrorRendering.response($0, requestID: nil)
        }
        host.environment.metrics.observe { [server] in ServiceHost.samples(of: server, base.tracer) }
        let bound = try server.listen(on: address)
        let work = base.loops.next().task { await host.run() }
        Output.print("ready \(bound.url)\n")
        _ = try await Signals.next(on: base.loops.next())
        log.info("draining")
        let limit = Duration.seconds(configuration.drainSeconds)
        let ending: Task<Void, Never> = base.loops.next().task {
            await host.service.drain(within: limit)
            host.environment.outbox.endWaits()
            await server.shutdown(within: limit)
            work.cancel()
            await work.value
            await host.close()
            await base.tracer.exporter?.close()
        }
        await ending.value
    }
}

extension SocketAddress {
    /// Loopback, or a Unix socket.
    public var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }

    /// As a client writes it: `http://127.0.0.1:8081`, `unix:PATH`.
    public var url: String { url(isSecure: false) }

    public func url(isSecure: Bool) -> String {
        if case .unix = self { description } else { "\(isSecure ? "https" : "http")://\(description)" }
    }
}
