/// A card of a board: a task or an issue.
public struct Card: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable, CaseIterable { case task, issue }

    public var id: String
    public var kind: Kind
    public var title: String
    /// The card's own status: a task's, or an issue's.
    public var status: String
    public var priority: Priority
    public var identifier: String?
    public var assigneeID: String?
    public var goalID: String?
    public var phase: String?
    public var runID: String?
    public var branch: String?
    public var updatedAt: Timestamp

    public init(_ task: AgentTask) {
        id = task.id
        kind = .task
        title = task.title
        status = task.status.rawValue
        priority = task.priority
        assigneeID = task.agentID
        goalID = task.goalID
        phase = task.phase
        runID = task.runID
        branch = task.branch
        updatedAt = task.updatedAt
    }

    public init(_ issue: Issue) {
        id = issue.id
        kind = .issue
        title = issue.title
        status = issue.status.rawValue
        priority = issue.priority
        identifier = issue.identifier
        assigneeID = issue.assigneeID
        goalID = issue.goalID
        updatedAt = issue.updatedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, kind, title, status, priority, identifier, assigneeID = "assignee_id", goalID = "goal_id", phase, runID =
            "run_id"
        case branch, updatedAt = "updated_at"
    }
}

/// A column of a board, with its cards in their order.
public struct BoardColumn: Codable, Sendable {
    public var status: String
    public var name: String
    public var count: Int
    /// At most `Board.cardsMax`; `count` says how many there are.
    public var cards: [Card]

    public init(status: String, name: String, count: Int, cards: [Card]) {
        self.status = status
        self.name = name
        self.count = count
        self.cards = cards
    }
}

/// The board of a project, or of the whole workspace.
public struct Board: Codable, Sendable {
    /// The most cards shown in one column.
    public static let cardsMax = 200

    public var projectID: String?
    public var columns: [BoardColumn]

    public init(projectID: String?, columns: [BoardColumn]) {
        self.projectID = projectID
        self.columns = columns
    }

    enum CodingKeys: String, CodingKey { case projectID = "project_id", columns }
}
