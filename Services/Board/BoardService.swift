import Events
import Models
import Service
import Storage

/// Issues on their three surfaces, crews and what they plan, the board that shows issues beside tasks, and connections to
/// trackers.
public struct BoardService: NexusService {
    public static let name = ServiceName.board
    public static let migrations = BoardMigrations.all

    let ledger: IssueLedger
    let workspace: WorkspaceHandlers
    let tracker: TrackerHandlers
    let crewIssues: CrewIssueHandlers
    let crewParts: CrewPartHandlers
    let crews: CrewHandlers
    let planning: PlanningHandlers
    let labels: LabelHandlers
    let attachments: AttachmentHandlers
    let board: BoardHandlers
    let views: ViewHandlers
    let syncs: SyncHandlers
    let integrations: IntegrationHandlers
    private let cards: CardStore
    private let environment: ServiceEnvironment

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        let ledger = IssueLedger(environment: environment)
        let references = BoardReferences(environment: environment)
        let desk = IssueDesk(ledger: ledger, references: references)
        self.ledger = ledger
        cards = CardStore()
        workspace = WorkspaceHandlers(desk: desk)
        tracker = TrackerHandlers(desk: desk)
        crewIssues = CrewIssueHandlers(desk: desk)
        crewParts = CrewPartHandlers(desk: desk)
        crews = CrewHandlers(desk: desk)
        planning = PlanningHandlers(desk: desk)
        labels = LabelHandlers(desk: desk)
        let files = AttachmentFiles(folder: "\(environment.configuration.dataDirectory)/attachments", queue: FileQueue())
        attachments = AttachmentHandlers(desk: desk, files: files)
        board = BoardHandlers(desk: desk, cards: cards)
        views = ViewHandlers(desk: desk)
        let integrationStore = IntegrationStore()
        syncs = SyncHandlers(desk: desk, integrations: integrationStore)
        integrations = IntegrationHandlers(store: integrationStore, secrets: environment.secrets, references: references)
    }

    private static let taskTypes = ["task.created", "task.updated", "task.deleted", "task.resumed"]
    private static let runTypes = ["run.queued", "run.started", "run.requeued", "run.lost", "run.updated", "run.finished"]

    public var consumers: [EventConsumer] {
        let work = WorkEvents(ledger: ledger)
        let known = KnownEvents(ledger: ledger, cards: cards)
        return [
            environment.consumer(of: .tasks, types: BoardService.taskTypes) { [cards] event, transaction in
                try cards.apply(event, in: transaction)
                try work.task(event, in: transaction)
            },
            environment.consumer(of: .runs, types: BoardService.runTypes) { try work.run($0, in: $1) },
            environment.consumer(of: .goals, types: ["project.created", "project.updated", "project.deleted"]) {
                try known.project($0, in: $1)
            },
            environment.consumer(of: .agents, types: ["agent.created", "agent.updated", "agent.deleted"]) {
                try known.agent($0, in: $1)
            },
        ]
    }

    /// Uploads that were cut short, and files that nobody refers to any longer, go.
    public func runInBackground() async throws { try await attachments.sweep() }
}
