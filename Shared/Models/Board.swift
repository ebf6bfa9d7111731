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
    public var estimate: Int?
    public var dueDate: String?
    /// Its place in the column; tasks have none, and stand before the issues.
    public var sortOrder: Double?
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
        estimate = issue.estimate
        dueDate = issue.dueDate
        sortOrder = issue.sortOrder
        updatedAt = issue.updatedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, kind, title, status, priority, identifier, assigneeID = "assignee_id", goalID = "goal_id", phase, runID =
            "run_id"
        case branch, estimate, dueDate = "due_date", sortOrder = "sort_order", updatedAt = "updated_at"
    }
}

/// A column of a board, with its cards in their order.
public struct BoardColumn: Codable, Sendable {
    public var status: String
    public var name: String
    public var count: Int
    /// The sum of what its issues are estimated at.
    public var estimate: Int
    /// How many cards it should have at most; nil when nobody has said so.
    public var wipLimit: Int?
    /// Whether it has more than that.
    public var isOverLimit: Bool
    /// At most `Board.cardsMax`; `count` says how many there are.
    public var cards: [Card]

    public init(status: String, name: String, count: Int, estimate: Int = 0, wipLimit: Int? = nil, cards: [Card]) {
        self.status = status
        self.name = name
        self.count = count
        self.estimate = estimate
        self.wipLimit = wipLimit
        isOverLimit = wipLimit.map { count > $0 } ?? false
        self.cards = cards
    }

    enum CodingKeys: String, CodingKey {
        case status, name, count, estimate, wipLimit = "wip_limit", isOverLimit = "over_limit", cards
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
