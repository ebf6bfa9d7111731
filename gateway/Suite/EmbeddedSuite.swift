import Agents
import Approvals
import Board
import Gateway
import Goals
import Loops
import Memory
import Models
import Runs
import Service
import Skills
import Tasks
import Webhooks

/// All of Nexus in this process: the nine services, reached without a socket, and the gateway before them.
public final class EmbeddedSuite: Sendable {
    /// The nine, in the order in which they start.
    public static let services: [any NexusService.Type] = [
        AgentsService.self, SkillsService.self, MemoryService.self, GoalsService.self, TasksService.self, RunsService.self,
        BoardService.self, ApprovalsService.self, WebhooksService.self,
    ]

    public let base: SuiteBase
    public let gateway: GatewayProcess
    public let hosts: [ServiceHost]
    /// The password of the user `admin`, on the first start, when none was given.
    public let firstPassword: String?
    private let work: [Task<Void, Never>]

    /// Starts everything; returns once requests are answered.
    /// - Throws: `ServiceError`, `Options.Problem`, `SystemError` when the address is taken.
    public static func start(_ configuration: GatewayConfiguration, log: Log) async throws -> EmbeddedSuite {
        let base = try SuiteBase(configuration.service, log: log)
        let gateway = try GatewayProcess(configuration, base: base)
        let starting: Task<EmbeddedSuite, any Error> = base.loops.next().task {
            try await EmbeddedSuite(configuration, base: base, gateway: gateway)
        }
        return try await starting.value
    }

    private init(_ configuration: GatewayConfiguration, base: SuiteBase, gateway: GatewayProcess) async throws {
        self.base = base
        self.gateway = gateway
        var service = configuration.service
        if service.publicURL == nil { service.publicURL = gateway.internalAddress.url }
        let authenticator = RequestAuthenticator(verifier: base.verifier, clock: base.clock)
        var hosts: [ServiceHost] = []
        for type in EmbeddedSuite.services {
            let host = try await ServiceHost(type, configuration: service, base: base, authenticator: authenticator)
            base.directory.connect(type.name, to: .inProcess(host))
            hosts.append(host)
        }
        self.hosts = hosts
        firstPassword = try await gateway.open(configuration)
        work = hosts.map { host in base.loops.next().task { await host.run() } }
    }

    /// Drains and ends: runs are handed over, requests finish, streams end, databases close.
    public func stop(within limit: Duration) async {
        let ending: Task<Void, Never> = base.loops.next().task { [self] in
            await withTaskGroup(of: Void.self) { group in
                for host in hosts { group.addTask { await host.service.drain(within: limit) } }
            }
            await gateway.close(within: limit)
            for task in work { task.cancel() }
            for task in work { await task.value }
            for host in hosts { await host.close() }
        }
        await ending.value
    }
}
