import Models

/// What the domain asks of an issue. Pure functions.
enum IssueRules {
    static let titleLengthMax = 500
    static let commentBytesMax = 64 * 1024
    static let labelsMax = 32
    static let estimateMax = 10_000
    /// Bytes of a routine's inputs.
    static let inputsBytesMax = 64 * 1024
    /// Words of the members that a list of changes names.
    private static let detailCharactersMax = 200

    /// Checks the members of a new or changed issue.
    /// - Throws: 400 naming the field.
    static func validate(_ issue: Issue, names: FieldNames = .snake) throws(ServiceError) {
        try Check.name(issue.title, "title", lengthMax: titleLengthMax)
        try Check.text(issue.description, "description")
        if let estimate = issue.estimate { try Check.range(estimate, "estimate", 0...estimateMax) }
        try Check.list(issue.labelIDs, "labels", max: labelsMax)
        if let date = issue.dueDate { try checkDate(date, names.dueDate) }
        guard issue.sortOrder.isFinite, abs(issue.sortOrder) <= 1e15 else {
            throw .invalid(names.sortOrder, "must be a number of at most 1e15")
        }
    }

    /// How a surface spells what a message may name.
    struct FieldNames: Sendable {
        let dueDate: String
        let sortOrder: String

        static let snake = FieldNames(dueDate: "due_date", sortOrder: "sort_order")
        static let camel = FieldNames(dueDate: "dueDate", sortOrder: "sortOrder")
    }

    static func checkDate(_ date: String, _ field: String) throws(ServiceError) {
        guard date.utf8.count == 10, Timestamp(rfc3339: date + "T00:00:00Z") != nil else {
            throw .invalid(field, "must be a date, YYYY-MM-DD")
        }
    }

    /// A comment's text.
    static func comment(_ text: String, _ field: String) throws(ServiceError) -> String {
        try Check.text(text, field, bytesMax: commentBytesMax)
        guard text.utf8.contains(where: { $0 > 32 }) else { throw .invalid(field, "must not be blank") }
        return text
    }

    /// `completed_at` and `updated_at` of a changed issue.
    static func timed(_ issue: Issue, since before: Issue, at now: Timestamp) -> Issue {
        var issue = issue
        if issue.status.isEnded != before.status.isEnded { issue.completedAt = issue.status.isEnded ? now : nil }
        issue.updatedAt = now
        return issue
    }

    /// What a change is worth telling in the issue's history.
    static func changes(_ before: Issue, _ after: Issue) -> [IssueChange] {
        var changes: [IssueChange] = []
        func note(_ action: String, _ field: String, _ old: String?, _ new: String?) {
            guard old != new else { return }
            changes.append(IssueChange(action: action, field: field, from: old, to: new))
        }
        note("status_changed", "status", before.status.rawValue, after.status.rawValue)
        note("assignee_changed", "assignee_id", before.assigneeID, after.assigneeID)
        note("priority_changed", "priority", before.priority.rawValue, after.priority.rawValue)
        note("title_changed", "title", short(before.title), short(after.title))
        if before.description != after.description {
            changes.append(IssueChange(action: "description_changed", field: "description", from: nil, to: nil))
        }
        note("project_changed", "project_id", before.projectID, after.projectID)
        note("goal_changed", "goal_id", before.goalID, after.goalID)
        note("parent_changed", "parent_issue_id", before.parentID, after.parentID)
        note("milestone_changed", "milestone_id", before.milestoneID, after.milestoneID)
        note("routine_changed", "routine_id", before.routineID, after.routineID)
        note("due_date_changed", "due_date", before.dueDate, after.dueDate)
        note("estimate_changed", "estimate", before.estimate.map(String.init), after.estimate.map(String.init))
        if before.labelIDs != after.labelIDs {
            changes.append(IssueChange(action: "labels_changed", field: "labels", from: nil, to: nil))
        }
        if before.isPaused != after.isPaused {
            changes.append(IssueChange(action: after.isPaused ? "paused" : "resumed", field: nil, from: nil, to: nil))
        }
        return changes
    }

    private static func short(_ text: String) -> String { String(text.prefix(detailCharactersMax)) }
}

/// One thing about an issue that changed.
struct IssueChange: Sendable, Hashable {
    let action: String
    let field: String?
    let from: String?
    let to: String?
}
