import Models

/// The words of the workspace surface (seed 000).
enum WorkspaceWords {
    static func word(_ status: IssueStatus) -> String {
        switch status {
        case .backlog: "backlog"
        case .todo: "open"
        case .waiting: "blocked"
        case .inProgress: "in_progress"
        case .review: "in_review"
        case .done: "resolved"
        case .closed: "closed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    /// The status of a word, or of the stored word itself.
    /// - Throws: 400 listing the words.
    static func status(_ word: String, field: String = "status") throws(ServiceError) -> IssueStatus {
        if let status = IssueStatus.allCases.first(where: { self.word($0) == word }) ?? IssueStatus(rawValue: word) {
            return status
        }
        throw .invalid(field, "must be one of \(IssueStatus.allCases.map(self.word).joined(separator: ", "))")
    }
}
