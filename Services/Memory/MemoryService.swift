import Events
import Loops
import Models
import Service
import Storage

/// Memory: what agents and people keep for later runs, and may find again as far as policy lets them.
public struct MemoryService: NexusService {
    public static let name = ServiceName.memory
    public static let migrations = MemoryMigrations.all
    /// How often what has expired is removed. It is not found from the moment on in which it expires.
    static let sweepEvery = Duration.seconds(60)
    static let sweptMax = 200

    let memories: MemoryHandlers
    let search: SearchHandlers
    let approvals: MemoryApprovalHandlers
    private let ledger: MemoryLedger
    private let environment: ServiceEnvironment

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        let store = MemoryStore()
        let references = MemoryReferences(peers: environment.peers)
        ledger = MemoryLedger(store: store, environment: environment)
        memories = MemoryHandlers(
            store: store, ledger: ledger, references: references, policy: AgentPolicy(peers: environment.peers))
        search = SearchHandlers(store: store, references: references)
        approvals = MemoryApprovalHandlers(ledger: ledger)
    }

    /// The memory of a project, and of an agent alone, goes with it; what waits is decided in the queue of all approvals too.
    public var consumers: [EventConsumer] {
        [
            environment.consumer(of: .goals, types: ["project.deleted"]) { [ledger] event, transaction in
                guard event.type == "project.deleted" else { return }
                try ledger.removeAll(
                    where: .equals("project_id", event.subjectID), workspace: event.workspaceID, in: transaction)
            },
            environment.consumer(of: .agents, types: ["agent.deleted"]) { [ledger] event, transaction in
                guard event.type == "agent.deleted" else { return }
                try ledger.removeAll(where: .equals("agent_id", event.subjectID), workspace: event.workspaceID, in: transaction)
            },
            environment.consumer(of: .approvals, types: ["approval.decided"]) { [ledger] event, transaction in
                guard event.type == "approval.decided" else { return }
                try ledger.follow(try event.entity(Approval.self), workspace: event.workspaceID, in: transaction)
            },
        ]
    }

    public func runInBackground() async throws {
        while true {
            var swept = 0
            do {
                swept = try await sweep()
            } catch let error as ServiceError {
                environment.log.warning("removing expired memories failed", ["cause": error.cause ?? error.message])
            }
            if swept < MemoryService.sweptMax { try await EventLoop.sleep(for: MemoryService.sweepEvery) }
        }
    }

    /// Removes some of what has expired.
    /// - Returns: how many.
    func sweep() async throws -> Int {
        try await environment.database.write { [ledger, environment] transaction in
            let expired = try ledger.store.expired(
                at: environment.clock.now(), limit: MemoryService.sweptMax, in: transaction)
            for memory in expired { try ledger.remove(memory, by: .suite, in: transaction) }
            return expired.count
        }
    }
}
