import Models
import Storage

/// The tasks as the board shows them: a copy that follows the tasks service's events.
struct CardStore: Sendable {
    /// Puts a task into its column. An event that is older than what is known changes nothing.
    func put(_ task: AgentTask, at sequence: Int64, in transaction: Transaction) throws {
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

    func remove(_ id: String, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run("DELETE FROM task_cards WHERE workspace_id = ? AND id = ?", workspace, id)
    }

    /// Takes a deleted project's cards and issues away.
    func removeAll(ofProject project: String, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run("DELETE FROM task_cards WHERE workspace_id = ? AND project_id = ?", workspace, project)
        _ = try transaction.run(
            """
            DELETE FROM issue_comments WHERE workspace_id = ?1 AND issue_id IN
                (SELECT id FROM issues WHERE workspace_id = ?1 AND project_id = ?2)
            """, workspace, project)
        _ = try transaction.run("DELETE FROM issues WHERE workspace_id = ? AND project_id = ?", workspace, project)
    }

    /// How many cards a column has, and the first of them, in the plan's order.
    func cards(
        _ column: IssueStatus, project: String?, workspace: String, in reader: any SQLReader
    ) throws -> (count: Int, cards: [Card]) {
        let condition = "workspace_id = ? AND column_status = ?" + (project == nil ? "" : " AND project_id = ?")
        let arguments: [(any SQLBindable)?] = [workspace, column.rawValue] + (project.map { [$0] } ?? [])
        let count = try reader.one("SELECT count(*) FROM task_cards WHERE \(condition)", arguments: arguments) { Int($0.int(0)) }
        let cards = try reader.all(
            "SELECT document FROM task_cards WHERE \(condition) ORDER BY position, id LIMIT \(Board.cardsMax)",
            arguments: arguments
        ) { try DocumentCoding.decode(Card.self, from: $0.bytes(0)) }
        return (count ?? 0, cards)
    }
}
