import Models

/// The transition table of the crews surface (seed 003); the other surfaces move freely.
enum CrewTransitions {
    /// The statuses as that surface tells them apart, in its order.
    static let words: [IssueStatus] = [.backlog, .todo, .inProgress, .review, .done, .failed, .cancelled]

    static let allowed: [IssueStatus: [IssueStatus]] = [
        .backlog: [.todo, .inProgress, .cancelled],
        .todo: [.inProgress, .backlog, .cancelled],
        .inProgress: [.review, .done, .failed, .cancelled, .todo],
        .review: [.done, .todo, .inProgress, .failed, .cancelled],
        .done: [.backlog],
        .failed: [.backlog, .todo, .inProgress],
        .cancelled: [.backlog, .todo],
    ]

    /// The status as the surface knows it: what waits is still to be done, what is closed is done.
    static func shown(_ status: IssueStatus) -> IssueStatus {
        switch status {
        case .waiting: .todo
        case .closed: .done
        default: status
        }
    }

    /// `IN_PROGRESS`.
    static func word(_ status: IssueStatus) -> String { shown(status).rawValue.uppercased() }

    /// - Throws: 400 listing the words.
    static func status(_ word: String, _ field: String = "status") throws(ServiceError) -> IssueStatus {
        guard let status = words.first(where: { self.word($0) == word.uppercased() }) else {
            throw .invalid(field, "must be one of \(words.map(self.word).joined(separator: ", "))")
        }
        return status
    }

    /// Whether an issue may go from where it stands to a status of this surface. Staying is no transition.
    static func isAllowed(_ from: IssueStatus, _ to: IssueStatus) -> Bool {
        shown(from) == to || allowed[shown(from)]?.contains(to) == true
    }

    /// - Throws: 400 naming from, to, and what is allowed.
    static func check(_ from: IssueStatus, _ to: IssueStatus) throws(ServiceError) {
        guard !isAllowed(from, to) else { return }
        let next = (allowed[shown(from)] ?? []).map(word).joined(separator: ", ")
        throw ServiceError(
            .validation, "status: invalid transition from \(word(from)) to \(word(to)); allowed: \(next)",
            code: "invalid_transition", field: "status")
    }
}
