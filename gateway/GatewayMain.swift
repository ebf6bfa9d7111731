import Identity
import Loops
import Models
import Service

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the gateway's main calls: the gateway alone, before services that run elsewhere.
public enum GatewayMain {
    /// Runs until SIGTERM or SIGINT, drains, and ends the process.
    public static func run() async -> Never {
        Signals.capture()
        let log = Log(service: "gateway")
        do {
            let options = try Options(
                GatewayConfiguration.options, usage: "usage: gateway [options]\nThe gateway of Nexus, alone.",
                arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
            try options.refusePositionals()
            let configuration = try GatewayConfiguration(options)
            Supervision.dieWithSupervisor()
            let base = try SuiteBase(configuration.service, log: log)
            for name in ServiceName.allCases {
                let address =
                    configuration.service.peers[name] ?? .unix(path: configuration.service.socketPath("\(name.rawValue)-api"))
                base.directory.connect(name, to: base.upstream(address))
            }
            let process = try GatewayProcess(configuration, base: base, passesOn: true)
            Signals.onHangup { process.reload() }
            let opening: Task<String?, any Error> = base.loops.next().task { try await process.open(configuration) }
            if let password = try await opening.value {
                Output.complain("The first start made the user 'admin' with the password: \(password)")
            }
            Output.print("ready \(process.url)\n")
            _ = try await Signals.next(on: base.loops.next())
            log.info("draining")
            let ending: Task<Void, Never> = base.loops.next().task {
                await process.close(within: .seconds(configuration.service.drainSeconds))
            }
            await ending.value
            Output.exit(0)
        } catch {
            Output.exit(Output.report(error, as: "gateway"))
        }
    }
}
