import Models

/// What the board shows where. Pure functions.
enum BoardRules {
    /// The columns, from left to right.
    static let columns: [(status: IssueStatus, name: String)] = [
        (.backlog, "Backlog"), (.waiting, "Waiting"), (.todo, "To do"), (.inProgress, "In progress"), (.review, "Review"),
        (.done, "Done"), (.failed, "Failed"), (.cancelled, "Cancelled"),
    ]

    /// The column that a task's card stands in.
    static func column(of status: TaskStatus) -> IssueStatus {
        switch status {
        case .draft: .backlog
        case .blocked: .waiting
        case .ready, .queued, .interrupted: .todo
        case .running: .inProgress
        case .review: .review
        case .completed: .done
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    /// The column that an issue's card stands in.
    static func column(of status: IssueStatus) -> IssueStatus { status == .closed ? .done : status }

    /// The statuses of the issues in a column.
    static func statuses(in column: IssueStatus) -> [IssueStatus] { column == .done ? [.done, .closed] : [column] }

    /// Refuses a card for a column that is full.
    /// - Throws: 409.
    static func checkLimit(_ limit: Int?, count: Int, column: IssueStatus) throws(ServiceError) {
        guard let limit, count >= limit else { return }
        throw .conflict(
            "status: the column \(column.rawValue) has \(count) cards, and its limit is \(limit): finish one first, or say "
                + "\"force\": true", code: "wip_limit")
    }
}
