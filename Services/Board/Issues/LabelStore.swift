import Models
import Storage

/// The SQL of labels, and of which issue has which.
struct LabelStore: Sendable {
    static let table = DocumentTable<IssueLabel>("labels", columns: [Column("name", .text, index: .unique) { $0.name }])

    func all(workspace: String, in reader: any SQLReader) throws -> [Stored<IssueLabel>] {
        try Self.table.list(
            ListQuery(order: [.ascending("name")], limit: ListQuery.limitMax), workspace: workspace, in: reader
        ).items
    }

    func get(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<IssueLabel> {
        try Self.table.get(id, workspace: workspace, in: reader)
    }

    /// The label of an id or a name.
    func find(_ reference: String, workspace: String, in reader: any SQLReader) throws -> IssueLabel? {
        if let found = try Self.table.find(reference, workspace: workspace, in: reader) { return try found.model() }
        let named = ListQuery(filters: [.equals("name", reference)], limit: 1)
        return try Self.table.list(named, workspace: workspace, in: reader).items.first?.model()
    }

    func insert(_ label: IssueLabel, in transaction: Transaction) throws -> Stored<IssueLabel> {
        try Self.table.insert(label, workspace: label.workspaceID, at: label.createdAt, in: transaction)
    }

    func replace(_ old: Stored<IssueLabel>, with label: IssueLabel, in transaction: Transaction) throws -> Stored<IssueLabel> {
        try Self.table.replace(old, with: label, at: label.updatedAt, in: transaction)
    }

    /// - Returns: the ids of the issues that had it.
    func delete(_ id: String, workspace: String, in transaction: Transaction) throws -> [String] {
        let issues = try transaction.all(
            "SELECT issue_id FROM issue_labels WHERE workspace_id = ? AND label_id = ?", workspace, id, map: { $0.text(0) })
        try transaction.run("DELETE FROM issue_labels WHERE workspace_id = ? AND label_id = ?", workspace, id)
        try Self.table.delete(id, workspace: workspace, in: transaction)
        return issues
    }

    /// Makes the rows of an issue's labels what the issue says.
    func set(_ issue: Issue, in transaction: Transaction) throws {
        try transaction.run(
            "DELETE FROM issue_labels WHERE workspace_id = ? AND issue_id = ?", issue.workspaceID, issue.id)
        for label in issue.labelIDs {
            try transaction.run(
                "INSERT INTO issue_labels (workspace_id, issue_id, label_id, created_at) VALUES (?, ?, ?, ?)", issue.workspaceID,
                issue.id, label, issue.createdAt)
        }
    }
}
