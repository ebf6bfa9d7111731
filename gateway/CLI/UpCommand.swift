import Gateway
import Glibc
import Loops
import Models
import Service
import Suite

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `nexus up`: the suite in the foreground, in one process or in ten.
enum UpCommand {
    static let usage = """
        usage: nexus up [options]
        Starts the nine services and the gateway. Prints `ready ADDRESS` on standard output once each of them answers,
        and runs until SIGTERM or SIGINT.
        """

    static func run(_ arguments: [String]) async -> Never {
        Signals.capture()
        let log = Log(service: "nexus")
        do {
            let options = try Options(
                GatewayConfiguration.options + [
                    Option("separate", nil, "one process a service, over Unix sockets; one that dies is started again")
                ],
                usage: usage, arguments: arguments, environment: ProcessInfo.processInfo.environment)
            try options.refusePositionals()
            let configuration = try GatewayConfiguration(options)
            if options.flag("separate") {
                try await separate(configuration, arguments.filter { !$0.hasPrefix("--separate") }, log)
            } else {
                try await together(configuration, log)
            }
            Output.exit(0)
        } catch {
            Output.exit(Output.report(error, as: "nexus up"))
        }
    }

    private static func together(_ configuration: GatewayConfiguration, _ log: Log) async throws {
        let suite = try await EmbeddedSuite.start(configuration, log: log)
        Signals.onHangup { suite.gateway.reload() }
        if let password = suite.firstPassword { tell(password) }
        Output.print("ready \(suite.gateway.url)\n")
        _ = try await Signals.next(on: suite.base.loops.next())
        log.info("draining")
        await suite.stop(within: .seconds(configuration.service.drainSeconds))
    }

    private static func separate(_ configuration: GatewayConfiguration, _ arguments: [String], _ log: Log) async throws {
        let shared = ServiceConfiguration.options.map(\.name)
        let own = GatewayConfiguration.ownOptions.map(\.name)
        let supervisor = try Supervisor(
            configuration, folder: Executables.folder, arguments: Options.keep(shared, of: arguments),
            gatewayArguments: Options.keep(own, of: arguments), log: log)
        let starting: Task<SocketAddress, any Error> = supervisor.loops.next().task { try await supervisor.start() }
        let signal: Task<Int32, any Error> = supervisor.loops.next().task { try await Signals.next(on: supervisor.loops.next()) }
        Signals.onHangup { supervisor.passOn(SIGHUP) }
        let address = try await starting.value
        Output.print("ready \(address.url(isSecure: configuration.tls != nil))\n")
        _ = try await signal.value
        log.info("draining")
        let ending: Task<Void, Never> = supervisor.loops.next().task {
            await supervisor.stop(within: .seconds(configuration.service.drainSeconds))
        }
        await ending.value
    }

    private static func tell(_ password: String) {
        Output.complain("The first start made the user 'admin' with the password: \(password)")
    }
}
