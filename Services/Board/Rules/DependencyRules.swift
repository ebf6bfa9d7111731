import Models

/// What dependencies do to statuses. Pure functions.
///
/// An issue that has not ended is `waiting` exactly when something that has not ended blocks it.
enum DependencyRules {
    /// The issue as it must stand, given whether something blocks it.
    static func settled(_ issue: Issue, isBlocked: Bool) -> Issue {
        var issue = issue
        if issue.status.isEnded {
            issue.heldFrom = nil
        } else if isBlocked, issue.status != .waiting {
            issue.heldFrom = issue.status
            issue.status = .waiting
        } else if !isBlocked, issue.status == .waiting {
            issue.status = .todo
            issue.heldFrom = nil
        }
        return issue
    }

    /// Refuses a status that somebody asks for and that the dependencies forbid.
    /// - Parameter blockers: the identifiers of what blocks the issue.
    /// - Throws: 409.
    static func check(_ status: IssueStatus, blockers: [String]) throws(ServiceError) {
        if status.isWork, !blockers.isEmpty {
            throw .conflict("status: the issue is blocked by \(blockers.joined(separator: ", "))", code: "blocked")
        }
        if status == .waiting, blockers.isEmpty {
            throw .conflict("status: nothing blocks the issue: link it to what it waits for", code: "not_blocked")
        }
    }

    /// Refuses to close what others wait for.
    /// - Parameter dependents: the identifiers of those that have not ended.
    /// - Throws: 409.
    static func checkClosing(dependents: [String]) throws(ServiceError) {
        guard !dependents.isEmpty else { return }
        throw .conflict(
            "\(dependents.joined(separator: ", ")) depend\(dependents.count == 1 ? "s" : "") on the issue: "
                + "close with force=true, or finish them first",
            code: "open_dependents")
    }
}
