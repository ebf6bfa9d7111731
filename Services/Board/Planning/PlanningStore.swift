import Models
import Storage

/// A point that a project is to reach, and the issues that it takes.
struct Milestone: Codable, Sendable, StoredModel {
    static let noun = "milestone"

    enum Status: String, Codable, Sendable, CaseIterable { case planned, active, completed, cancelled }

    var id: String
    var workspaceID: String
    var projectID: String
    var name: String
    var description: String
    /// `YYYY-MM-DD`.
    var targetDate: String?
    var status: Status
    var position: Double
    var createdAt: Timestamp
    var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", projectID = "project_id", name, description, targetDate = "target_date", status
        case position, createdAt = "created_at", updatedAt = "updated_at"
    }
}

/// A named list of task templates with inputs.
struct Routine: Codable, Sendable, StoredModel {
    static let noun = "routine"

    struct Input: Codable, Sendable, Hashable {
        var name: String
        var required: Bool
    }

    /// `{{name}}` in either text stands for the input of that name.
    struct Template: Codable, Sendable, Hashable {
        var title: String
        var description: String
    }

    var id: String
    var workspaceID: String
    var name: String
    var description: String
    var inputs: [Input]
    var tasks: [Template]
    var createdAt: Timestamp
    var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", name, description, inputs, tasks, createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// A pull or merge request that belongs to an issue.
struct CodeLink: Codable, Sendable, StoredModel {
    static let noun = "code link"

    var id: String
    var issueID: String
    var url: String
    /// `github`, `gitlab` or `other`.
    var provider: String
    /// `owner/repo`, as far as the address tells.
    var repository: String?
    var number: Int?
    var title: String?
    var createdBy: Actor
    var createdAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, issueID = "issue_id", url, provider, repository, number, title, createdBy = "created_by"
        case createdAt = "created_at"
    }
}

/// A filter, an order and a grouping that somebody wants again.
struct SavedView: Codable, Sendable, StoredModel {
    static let noun = "view"

    /// What the issues of a view meet; words of the workspace surface.
    struct Filters: Codable, Sendable, Hashable {
        var projectID: String?
        var crewID: String?
        var status: [String]?
        var priority: [Priority]?
        var assigneeID: String?
        var label: String?
        var milestoneID: String?
        var search: String?

        enum CodingKeys: String, CodingKey {
            case projectID = "project_id", crewID = "crew_id", status, priority, assigneeID = "assignee_id", label
            case milestoneID = "milestone_id", search
        }
    }

    enum Grouping: String, Codable, Sendable, CaseIterable { case none, status, priority, assignee, project }

    var id: String
    var workspaceID: String
    var name: String
    var filters: Filters
    var sort: String
    var groupBy: Grouping
    var createdBy: Actor
    var createdAt: Timestamp
    var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", name, filters, sort, groupBy = "group_by", createdBy = "created_by"
        case createdAt = "created_at", updatedAt = "updated_at"
    }
}

/// A synchronisation with trackers.
struct SyncRun: Codable, Sendable, StoredModel {
    static let noun = "sync"

    enum Status: String, Codable, Sendable, CaseIterable { case running, completed, failed }

    var id: String
    var workspaceID: String
    var projectID: String?
    var integrationIDs: [String]
    var status: Status
    var created: Int
    var updated: Int
    var skipped: Int
    var errors: [String]
    var startedAt: Timestamp
    var finishedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", projectID = "project_id", integrationIDs = "integration_ids", status, created
        case updated, skipped, errors, startedAt = "started_at", finishedAt = "finished_at"
    }
}

/// The SQL of what crews plan with: milestones, routines, code links, views, limits of columns; and of synchronisations.
struct PlanningStore: Sendable {
    static let milestones = DocumentTable<Milestone>(
        "milestones",
        columns: [Column("project_id", .text) { $0.projectID }, Column("position", .real) { $0.position }],
        indexes: [["project_id", "position"]])
    static let routines = DocumentTable<Routine>("routines", columns: [Column("name", .text, index: .ordered) { $0.name }])
    static let codeLinks = DocumentTable<CodeLink>(
        "code_links", columns: [Column("issue_id", .text) { $0.issueID }], indexes: [["issue_id"]])
    static let views = DocumentTable<SavedView>("saved_views", columns: [Column("name", .text, index: .unique) { $0.name }])
    static let syncs = DocumentTable<SyncRun>("syncs", columns: [Column("project_id", .text, index: .filtered) { $0.projectID }])

    static let schema =
        [milestones.schema, routines.schema, codeLinks.schema, views.schema, syncs.schema].joined(separator: "\n") + """

            CREATE TABLE column_limits (
                workspace_id TEXT NOT NULL,
                scope TEXT NOT NULL,
                column_status TEXT NOT NULL,
                cards INTEGER NOT NULL,
                PRIMARY KEY (workspace_id, scope, column_status)
            ) WITHOUT ROWID;
            """

    func forget(issue: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM code_links WHERE workspace_id = ? AND issue_id = ?", workspace, issue)
    }

    func removeAll(ofProject project: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM milestones WHERE workspace_id = ? AND project_id = ?", workspace, project)
        try transaction.run(
            "DELETE FROM column_limits WHERE workspace_id = ? AND scope = ?", workspace, CountScope.project(project).text)
    }

    /// The issues that name something that is about to go, by the column that names it.
    func issues(_ column: StaticString, is id: String, workspace: String, in reader: any SQLReader) throws -> [String] {
        try reader.all("SELECT id FROM issues WHERE workspace_id = ? AND \(column) = ?", workspace, id) { $0.text(0) }
    }

    func limits(project: String?, workspace: String, in reader: any SQLReader) throws -> [String: Int] {
        var limits: [String: Int] = [:]
        try reader.each(
            "SELECT column_status, cards FROM column_limits WHERE workspace_id = ? AND scope = ?", workspace, scope(project)
        ) { limits[$0.text(0)] = Int($0.int(1)) }
        return limits
    }

    /// - Parameter cards: nil for no limit.
    func setLimit(_ cards: Int?, column: IssueStatus, project: String?, workspace: String, in transaction: Transaction) throws {
        try transaction.run(
            "DELETE FROM column_limits WHERE workspace_id = ? AND scope = ? AND column_status = ?", workspace, scope(project),
            column.rawValue)
        guard let cards else { return }
        try transaction.run(
            "INSERT INTO column_limits (workspace_id, scope, column_status, cards) VALUES (?, ?, ?, ?)", workspace,
            scope(project), column.rawValue, cards)
    }

    private func scope(_ project: String?) -> String { (project.map { CountScope.project($0) } ?? .all).text }
}
