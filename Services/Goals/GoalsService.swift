import Events
import Models
import Service
import Storage

/// Goals, the plans that are drafted from them, and the projects that they belong to.
public struct GoalsService: NexusService {
    public static let name = ServiceName.goals
    public static let migrations = GoalMigrations.all

    let environment: ServiceEnvironment
    let goals: GoalHandlers
    let projects: ProjectHandlers
    private let ledger: GoalLedger

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        let goalStore = GoalStore()
        let projectStore = ProjectStore()
        let drafting = PlanDrafting(environment: environment)
        ledger = GoalLedger(goals: goalStore, projects: projectStore, environment: environment)
        goals = GoalHandlers(goals: goalStore, projects: projectStore, ledger: ledger, drafting: drafting)
        projects = ProjectHandlers(goals: goalStore, projects: projectStore, ledger: ledger, drafting: drafting)
    }

    public var consumers: [EventConsumer] {
        let events = GoalEvents(ledger: ledger)
        return [
            environment.consumer(of: .approvals, types: ["approval.decided"]) { try events.applyApproval($0, in: $1) },
            environment.consumer(
                of: .tasks, types: ["task.created", "task.updated", "task.deleted"],
                select: { try $0.filter(GoalEvents.concerns) }, apply: { try events.applyTask($0, in: $1) }),
        ]
    }

    /// Answers once the tasks service shows what was decided here, so that the answer to a decision in the approvals service
    /// can wait for
    /// what it sets going.
    func settled(_ call: Call) async -> NoContent {
        await environment.outbox.settled(environment.outbox.last.value, by: [.tasks])
        return NoContent()
    }
}
