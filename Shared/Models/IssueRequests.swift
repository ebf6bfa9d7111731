/// `POST /api/issues` (seed 000).
public struct CreateIssue: Codable, Sendable {
    public var title: String
    public var description: String?
    /// A word of the workspace surface; `open` when left out.
    public var status: String?
    public var priority: Priority?
    public var projectID: String?
    public var goalID: String?
    public var assigneeID: String?
    public var labels: [String]?
    public var dueDate: String?
    public var estimate: Int?

    enum CodingKeys: String, CodingKey {
        case title, description, status, priority, projectID = "project_id", goalID = "goal_id", assigneeID = "assignee_id",
            labels
        case dueDate = "due_date", estimate
    }
}

/// `PATCH /api/issues/{id}`: what is named changes, `null` clears.
public struct UpdateIssue: Codable, Sendable {
    public var title: Field<String>
    public var description: Field<String>
    public var status: Field<String>
    public var priority: Field<Priority>
    public var projectID: Field<String>
    public var goalID: Field<String>
    public var assigneeID: Field<String>
    public var labels: Field<[String]>
    public var dueDate: Field<String>
    public var estimate: Field<Int>

    enum CodingKeys: String, CodingKey {
        case title, description, status, priority, projectID = "project_id", goalID = "goal_id", assigneeID = "assignee_id",
            labels
        case dueDate = "due_date", estimate
    }
}

/// `POST /api/issues/{id}/comments`.
public struct CreateComment: Codable, Sendable {
    public var content: String
}

/// `POST /board-api/cards/{issueId}/move`: into a column, and where in it.
public struct MoveCard: Codable, Sendable {
    public var status: String
    /// The issue that the card is to stand before.
    public var before: String?
    /// The issue that it is to stand after.
    public var after: String?
}
