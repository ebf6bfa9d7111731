import Events
import Models
import Service
import Storage

/// Agents: who they are, what they may do, and what they have used.
public struct AgentsService: NexusService {
    public static let name = ServiceName.agents
    public static let migrations = AgentMigrations.all

    let agents: AgentHandlers
    let skills: AgentSkillHandlers
    private let usage: UsageStore
    private let environment: ServiceEnvironment

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        usage = UsageStore()
        let store = AgentStore()
        agents = AgentHandlers(store: store, usage: usage)
        skills = AgentSkillHandlers(store: store)
    }

    /// A run that has ended counts towards its agent's usage.
    public var consumers: [EventConsumer] {
        [
            environment.consumer(of: .runs, types: ["run.finished"]) { [usage] event, transaction in
                guard event.type == "run.finished" else { return }
                try usage.record(try event.entity(Run.self), in: transaction)
            }
        ]
    }
}
