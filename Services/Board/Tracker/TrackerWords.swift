import Models

/// The words of the tracker surface (seed 001).
enum TrackerWords {
    static let statuses = ["Open", "InProgress", "WaitingOnDependency", "PendingReview", "Resolved", "Closed"]

    static func word(_ status: IssueStatus) -> String {
        switch status {
        case .backlog, .todo, .failed: "Open"
        case .waiting: "WaitingOnDependency"
        case .inProgress: "InProgress"
        case .review: "PendingReview"
        case .done: "Resolved"
        case .closed, .cancelled: "Closed"
        }
    }

    /// What is stored for a word that somebody sets.
    /// - Throws: 400 listing the words.
    static func status(_ word: String, _ field: String = "status") throws(ServiceError) -> IssueStatus {
        switch word {
        case "Open": return .todo
        case "WaitingOnDependency": return .waiting
        case "InProgress": return .inProgress
        case "PendingReview": return .review
        case "Resolved": return .done
        case "Closed": return .closed
        default: throw .invalid(field, "must be one of \(statuses.joined(separator: ", "))")
        }
    }

    /// All that is shown as a word.
    static func stored(_ word: String) throws(ServiceError) -> [IssueStatus] {
        _ = try status(word)
        return IssueStatus.allCases.filter { self.word($0) == word }
    }

    static func word(_ type: LinkType) -> String {
        switch type {
        case .blocks: "Blocks"
        case .blockedBy: "BlockedBy"
        case .relatesTo: "RelatedTo"
        case .duplicateOf: "DuplicateOf"
        case .duplicatedBy: "DuplicatedBy"
        }
    }

    static func linkType(_ word: String) throws(ServiceError) -> LinkType {
        if let type = LinkType.allCases.first(where: { self.word($0) == word }) { return type }
        throw .invalid("linkType", "must be one of Blocks, BlockedBy, RelatedTo, DuplicateOf")
    }

    /// `High`.
    static func word(_ priority: Priority) -> String { priority.rawValue.prefix(1).uppercased() + priority.rawValue.dropFirst() }

    static func priority(_ word: String) throws(ServiceError) -> Priority {
        if let priority = Priority(rawValue: word.lowercased()) { return priority }
        throw .invalid("priority", "must be one of \(Priority.allCases.map(self.word).joined(separator: ", "))")
    }

    /// `User`, `Agent`.
    static func word(_ type: ActorType) -> String {
        switch type {
        case .user: "User"
        case .agent: "Agent"
        case .service: "System"
        }
    }
}
