import Events
import Models
import Service
import Storage

/// Tasks: what is to be done, by whom, after what; and where each stands.
public struct TasksService: NexusService {
    public static let name = ServiceName.tasks
    public static let migrations = TaskMigrations.all

    let environment: ServiceEnvironment
    let tasks: TaskHandlers
    let actions: TaskActionHandlers
    let workspace: WorkspaceTaskHandlers
    private let ledger: TaskLedger

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        let store = TaskStore()
        let facts = TaskFacts()
        ledger = TaskLedger(store: store, facts: facts, environment: environment)
        tasks = TaskHandlers(
            store: store, ledger: ledger, references: TaskReferences(environment: environment, facts: facts))
        actions = TaskActionHandlers(tasks: tasks)
        workspace = WorkspaceTaskHandlers(tasks: tasks, actions: actions)
    }

    public var consumers: [EventConsumer] {
        let plans = PlanEvents(ledger: ledger)
        let runs = RunEvents(ledger: ledger)
        let agents = AgentEvents(facts: ledger.facts)
        let issues = IssueEvents(ledger: ledger)
        return [
            environment.consumer(of: .goals) { try plans.apply($0, in: $1) },
            environment.consumer(of: .runs) { try runs.apply($0, in: $1) },
            environment.consumer(of: .agents) { try agents.apply($0, in: $1) },
            environment.consumer(of: .board, types: IssueEvents.types) { try issues.apply($0, in: $1) },
        ]
    }
}
