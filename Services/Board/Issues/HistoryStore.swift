import Models
import Storage

/// The SQL of comments and of the history of issues.
struct HistoryStore: Sendable {
    static let comments = DocumentTable<IssueComment>(
        "comments", columns: [Column("issue_id", .text) { $0.issueID }], indexes: [["issue_id"]])
    static let activity = DocumentTable<IssueActivity>(
        "issue_activity", columns: [Column("issue_id", .text) { $0.issueID }], indexes: [["issue_id"]])
    static let texts = FullTextIndex("comment_texts", columns: ["content"])

    func comments(of issue: String, _ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<IssueComment>
    {
        var query = query
        query.filters.append(.equals("issue_id", issue))
        return try Self.comments.list(query, workspace: workspace, in: reader)
    }

    func activity(of issue: String, _ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<IssueActivity>
    {
        var query = query
        query.filters.append(.equals("issue_id", issue))
        return try Self.activity.list(query, workspace: workspace, in: reader)
    }

    func insert(_ comment: IssueComment, workspace: String, in transaction: Transaction) throws -> Stored<IssueComment> {
        try Self.texts.upsert(comment.id, [comment.content], workspace: workspace, in: transaction)
        return try Self.comments.insert(comment, workspace: workspace, at: comment.createdAt, in: transaction)
    }

    func comment(_ id: String, of issue: String, workspace: String, in reader: any SQLReader) throws -> Stored<IssueComment> {
        let stored = try Self.comments.get(id, workspace: workspace, in: reader)
        guard try stored.model().issueID == issue else { throw ServiceError.notFound(IssueComment.noun) }
        return stored
    }

    func delete(comment id: String, workspace: String, in transaction: Transaction) throws {
        try Self.texts.delete(id, workspace: workspace, in: transaction)
        try Self.comments.delete(id, workspace: workspace, in: transaction)
    }

    func add(_ activity: IssueActivity, workspace: String, in transaction: Transaction) throws {
        try Self.activity.insert(activity, workspace: workspace, at: activity.createdAt, in: transaction)
    }

    /// Forgets all that was said and done about an issue.
    func deleteAll(of issue: String, workspace: String, in transaction: Transaction) throws {
        let comments = try transaction.all(
            "SELECT id FROM comments WHERE workspace_id = ? AND issue_id = ?", workspace, issue, map: { $0.text(0) })
        for comment in comments { try delete(comment: comment, workspace: workspace, in: transaction) }
        try transaction.run("DELETE FROM issue_activity WHERE workspace_id = ? AND issue_id = ?", workspace, issue)
    }
}
