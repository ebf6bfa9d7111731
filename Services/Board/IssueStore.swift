import Models
import Storage

extension Issue: StoredModel {
    public static var noun: String { "issue" }
}

/// All the SQL of issues and their comments.
struct IssueStore: Sendable {
    static let table = DocumentTable<Issue>(
        "issues",
        columns: [
            Column("identifier", .text, index: .unique) { $0.identifier },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("status", .text) { $0.status.rawValue },
            Column("priority", .text) { $0.priority.rawValue },
            Column("assignee_id", .text, index: .filtered) { $0.assigneeID },
            Column("title", .text) { $0.title },
            Column("rank", .text) { $0.rank },
        ],
        indexes: [["project_id", "status", "rank"], ["status", "rank"]])

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<Issue> {
        try Self.table.list(query, workspace: workspace, in: reader)
    }

    func count(_ filters: [Filter], workspace: String, in reader: any SQLReader) throws -> Int {
        try Self.table.count(filters, workspace: workspace, in: reader)
    }

    /// The issue of an id or an identifier (`ISS-42`).
    func get(_ reference: String, workspace: String, in reader: any SQLReader) throws -> Stored<Issue> {
        if let found = try Self.table.find(reference, workspace: workspace, in: reader) { return found }
        let filter = [Filter.equals("identifier", reference)]
        let page = try Self.table.list(ListQuery(filters: filter, limit: 1), workspace: workspace, in: reader)
        guard let found = page.items.first else { throw ServiceError.notFound(Issue.noun) }
        return found
    }

    func insert(_ issue: Issue, at time: Timestamp, in transaction: Transaction) throws -> Stored<Issue> {
        try Self.table.insert(issue, workspace: issue.workspaceID, at: time, in: transaction)
    }

    func replace(_ old: Stored<Issue>, with issue: Issue, at time: Timestamp, in transaction: Transaction) throws -> Stored<Issue>
    {
        try Self.table.replace(old, with: issue, at: time, in: transaction)
    }

    func delete(_ issue: Stored<Issue>, in transaction: Transaction) throws {
        try Self.table.delete(issue.id, workspace: issue.workspace, in: transaction)
        _ = try transaction.run(
            "DELETE FROM issue_comments WHERE workspace_id = ? AND issue_id = ?", issue.workspace, issue.id)
    }

    /// The next number of the workspace: none is skipped, since it is given in the transaction of its issue.
    func nextNumber(workspace: String, in transaction: Transaction) throws -> Int {
        _ = try transaction.run(
            "INSERT INTO issue_numbers (workspace_id, last) VALUES (?, 1) "
                + "ON CONFLICT (workspace_id) DO UPDATE SET last = last + 1",
            workspace)
        return Int(
            try transaction.one("SELECT last FROM issue_numbers WHERE workspace_id = ?", workspace) { $0.int(0) } ?? 1)
    }

    /// The last rank of a column; nil when it is empty.
    func lastRank(project: String?, status: IssueStatus, workspace: String, in reader: any SQLReader) throws -> String? {
        try reader.one(
            "SELECT rank FROM issues WHERE workspace_id = ? AND project_id IS ? AND status = ? ORDER BY rank DESC LIMIT 1",
            workspace, project, status.rawValue
        ) { $0.text(0) }
    }

    /// The rank next to another in a column: the one before it, or the one after it; nil at the end.
    func neighbour(of issue: Issue, isAfter: Bool, in reader: any SQLReader) throws -> String? {
        let comparison = isAfter ? "rank > ? ORDER BY rank ASC" : "rank < ? ORDER BY rank DESC"
        return try reader.one(
            "SELECT rank FROM issues WHERE workspace_id = ? AND project_id IS ? AND status = ? AND \(comparison) LIMIT 1",
            issue.workspaceID, issue.projectID, issue.status.rawValue, issue.rank
        ) { $0.text(0) }
    }

    func comments(of issue: Stored<Issue>, in reader: any SQLReader) throws -> [IssueComment] {
        try reader.all(
            "SELECT document FROM issue_comments WHERE workspace_id = ? AND issue_id = ? ORDER BY id LIMIT 1000", issue.workspace,
            issue.id
        ) { try DocumentCoding.decode(IssueComment.self, from: $0.bytes(0)) }
    }

    func insert(_ comment: IssueComment, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run(
            "INSERT INTO issue_comments (workspace_id, id, issue_id, document) VALUES (?, ?, ?, ?)", workspace, comment.id,
            comment.issueID, SQLValue.utf8(try DocumentCoding.encode(comment)))
    }

    /// - Returns: false when the issue has no such comment.
    func deleteComment(_ id: String, of issue: Stored<Issue>, in transaction: Transaction) throws -> Bool {
        try transaction.run(
            "DELETE FROM issue_comments WHERE workspace_id = ? AND issue_id = ? AND id = ?", issue.workspace, issue.id, id) > 0
    }
}
