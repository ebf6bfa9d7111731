import Events
import Models
import Service
import Storage

/// Issues, and the board that shows them beside the tasks; connections to trackers.
public struct BoardService: NexusService {
    public static let name = ServiceName.board
    public static let migrations = BoardMigrations.all

    let issues: IssueHandlers
    let comments: CommentHandlers
    let board: BoardHandlers
    let integrations: IntegrationHandlers
    private let cards: CardStore
    private let environment: ServiceEnvironment

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        let store = IssueStore()
        let references = BoardReferences(peers: environment.peers)
        cards = CardStore()
        issues = IssueHandlers(store: store, references: references)
        comments = CommentHandlers(store: store)
        board = BoardHandlers(issues: store, cards: cards, references: references)
        integrations = IntegrationHandlers(store: IntegrationStore(), secrets: environment.secrets, references: references)
    }

    private static let taskTypes = ["task.created", "task.updated", "task.deleted"]

    /// The board shows the tasks as their service tells of them; a project that is deleted takes its cards and issues along.
    public var consumers: [EventConsumer] {
        [
            environment.consumer(of: .tasks, types: BoardService.taskTypes) { [cards] event, transaction in
                switch event.type {
                case "task.created", "task.updated":
                    try cards.put(try event.entity(AgentTask.self), at: event.sequence, in: transaction)
                case "task.deleted": try cards.remove(event.subjectID, workspace: event.workspaceID, in: transaction)
                default: break
                }
            },
            environment.consumer(of: .goals, types: ["project.deleted"]) { [cards] event, transaction in
                guard event.type == "project.deleted" else { return }
                try cards.removeAll(ofProject: event.subjectID, workspace: event.workspaceID, in: transaction)
            },
        ]
    }
}
