import Events
import Models
import Storage

/// The tasks as the board shows them: a copy that follows the tasks service's events. A task that was made for an issue has no
/// card: the issue's own stands for it.
struct CardStore: Sendable {
    func apply(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "task.created", "task.updated": try put(try event.entity(AgentTask.self), at: event.sequence, in: transaction)
        case "task.deleted": try remove(event.subjectID, workspace: event.workspaceID, in: transaction)
        default: break
        }
    }

    /// Puts a task into its column. An event that is older than what is known changes nothing.
    private func put(_ task: AgentTask, at sequence: Int64, in transaction: Transaction) throws {
        guard task.issueID == nil else { return try remove(task.id, workspace: task.workspaceID, in: transaction) }
        _ = try transaction.run(
            """
            INSERT INTO task_cards (workspace_id, id, project_id, column_status, position, sequence, document)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (workspace_id, id) DO UPDATE SET project_id = excluded.project_id,
                column_status = excluded.column_status, position = excluded.position, sequence = excluded.sequence,
                document = excluded.document
            WHERE excluded.sequence > task_cards.sequence
            """,
            task.workspaceID, task.id, task.projectID, BoardRules.column(of: task.status).rawValue, task.position, sequence,
            SQLValue.utf8(try DocumentCoding.encode(Card(task))))
    }

    private func remove(_ id: String, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run("DELETE FROM task_cards WHERE workspace_id = ? AND id = ?", workspace, id)
    }

    /// Takes a deleted project's cards away.
    func removeAll(ofProject project: String, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run("DELETE FROM task_cards WHERE workspace_id = ? AND project_id = ?", workspace, project)
    }

    /// How many cards each column has: kept by the database with every change.
    func counts(project: String?, workspace: String, in reader: any SQLReader) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        try reader.each(
            "SELECT column_status, cards FROM card_counts WHERE workspace_id = ? AND scope = ?", workspace,
            (project.map { CountScope.project($0) } ?? .all).text
        ) { counts[$0.text(0)] = Int($0.int(1)) }
        return counts
    }

    /// The first cards of a column, in the plan's order.
    func cards(_ column: IssueStatus, project: String?, workspace: String, in reader: any SQLReader) throws -> [Card] {
        let condition = "workspace_id = ? AND column_status = ?" + (project == nil ? "" : " AND project_id = ?")
        let arguments: [(any SQLBindable)?] = [workspace, column.rawValue] + (project.map { [$0] } ?? [])
        return try reader.all(
            "SELECT document FROM task_cards WHERE \(condition) ORDER BY position, id LIMIT \(Board.cardsMax)",
            arguments: arguments
        ) { try DocumentCoding.decode(Card.self, from: $0.bytes(0)) }
    }
}
