import Models
import Storage

extension Issue: StoredModel {
    public static var noun: String { "issue" }
}

extension Issue {
    var place: Place {
        get { Place(order: sortOrder, rank: rank) }
        set {
            sortOrder = newValue.order
            rank = newValue.rank
        }
    }
}

/// The SQL of the issues themselves.
struct IssueStore: Sendable {
    static let table = DocumentTable<Issue>(
        "issues",
        columns: [
            Column("crew_id", .text) { $0.crewID },
            Column("identifier", .text) { $0.identifier },
            Column("number", .integer) { $0.number },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("priority", .integer) { $0.priority.rank },
            Column("assignee_id", .text, index: .filtered) { $0.assigneeID },
            Column("parent_id", .text) { $0.parentID },
            Column("milestone_id", .text) { $0.milestoneID },
            Column("routine_id", .text) { $0.routineID },
            Column("goal_id", .text) { $0.goalID },
            Column("due_date", .text) { $0.dueDate },
            Column("estimate", .integer) { $0.estimate },
            Column("sort_order", .real) { $0.sortOrder },
            Column("rank", .text) { $0.rank },
        ],
        indexes: [
            ["identifier"], ["updated_at"], ["priority", "created_at"], ["sort_order", "rank"], ["crew_id", "created_at"],
            ["project_id", "status", "created_at"], ["crew_id", "status", "created_at"],
            ["project_id", "assignee_id", "created_at"],
            ["project_id", "status", "sort_order", "rank"], ["status", "sort_order", "rank"],
        ])

    static let texts = FullTextIndex("issue_texts", columns: ["title", "description"], weights: [4, 1])

    func page(_ query: ListQuery, workspace: String, in reader: any SQLReader) throws -> Page<Issue> {
        try Self.table.list(query, workspace: workspace, in: reader)
    }

    func find(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<Issue>? {
        try Self.table.find(id, workspace: workspace, in: reader)
    }

    /// The issue of an id or an identifier (`ENG-42`); of two crews with one prefix, that of the crew that is meant, or the
    /// older issue.
    /// - Throws: 404.
    func get(_ reference: String, crew: String? = nil, workspace: String, in reader: any SQLReader) throws -> Stored<Issue> {
        if let found = try Self.table.find(reference, workspace: workspace, in: reader) {
            if let crew, try found.model().crewID != crew { throw ServiceError.notFound(Issue.noun) }
            return found
        }
        var filters = [Filter.equals("identifier", reference.uppercased())]
        if let crew { filters.append(.equals("crew_id", crew)) }
        let query = ListQuery(filters: filters, order: [.ascending("id")], limit: 1)
        guard let found = try Self.table.list(query, workspace: workspace, in: reader).items.first else {
            throw ServiceError.notFound(Issue.noun)
        }
        return found
    }

    func insert(_ issue: Issue, in transaction: Transaction) throws -> Stored<Issue> {
        try Self.texts.upsert(
            issue.id, [issue.title, issue.description], workspace: issue.workspaceID, in: transaction)
        return try Self.table.insert(issue, workspace: issue.workspaceID, at: issue.createdAt, in: transaction)
    }

    func replace(_ old: Stored<Issue>, _ before: Issue, with issue: Issue, in transaction: Transaction) throws -> Stored<Issue> {
        if issue.title != before.title || issue.description != before.description {
            try Self.texts.upsert(
                issue.id, [issue.title, issue.description], workspace: issue.workspaceID, in: transaction)
        }
        return try Self.table.replace(old, with: issue, at: issue.updatedAt, in: transaction)
    }

    func delete(_ issue: Stored<Issue>, in transaction: Transaction) throws {
        try Self.texts.delete(issue.id, workspace: issue.workspace, in: transaction)
        try Self.table.delete(issue.id, workspace: issue.workspace, in: transaction)
    }

    /// The last place of the workspace; nil when there is no issue.
    func lastPlace(workspace: String, in reader: any SQLReader) throws -> Place? {
        try reader.one(
            "SELECT sort_order, rank FROM issues WHERE workspace_id = ? ORDER BY sort_order DESC, rank DESC LIMIT 1", workspace
        ) { Place(order: $0.double(0), rank: $0.text(1)) }
    }

    /// The place next to another in a column: the one before it, or the one after it; nil at the end.
    func neighbour(of issue: Issue, isAfter: Bool, except moved: String, in reader: any SQLReader) throws -> Place? {
        let direction = isAfter ? ">" : "<"
        let order = isAfter ? "ASC" : "DESC"
        let project = issue.projectID == nil ? "" : " AND project_id = ?"
        var nearest: Place?
        // The column's statuses in turn: each is one seek in the index.
        for status in BoardRules.statuses(in: BoardRules.column(of: issue.status)) {
            var arguments: [(any SQLBindable)?] = [issue.workspaceID, status.rawValue]
            if let id = issue.projectID { arguments.append(id) }
            arguments += [moved, issue.sortOrder, issue.rank] as [(any SQLBindable)?]
            let place = try reader.one(
                """
                SELECT sort_order, rank FROM issues WHERE workspace_id = ? AND status = ?\(project) AND id <> ?
                    AND (sort_order, rank) \(direction) (?, ?) ORDER BY sort_order \(order), rank \(order) LIMIT 1
                """, arguments: arguments
            ) { Place(order: $0.double(0), rank: $0.text(1)) }
            guard let place else { continue }
            nearest = nearest.map { isAfter ? min($0, place) : max($0, place) } ?? place
        }
        return nearest
    }

    /// The ids of an issue's sub-issues.
    func children(of id: String, workspace: String, in reader: any SQLReader) throws -> [String] {
        try reader.all("SELECT id FROM issues WHERE workspace_id = ? AND parent_id = ?", workspace, id) { $0.text(0) }
    }

    /// Whether an issue is another's sub-issue, at any depth.
    func isBelow(_ id: String, _ ancestor: String, workspace: String, in reader: any SQLReader) throws -> Bool {
        try reader.one(
            """
            WITH RECURSIVE up (id) AS (
                VALUES (?)
                UNION SELECT i.parent_id FROM issues i JOIN up ON i.workspace_id = ? AND i.id = up.id
                WHERE i.parent_id IS NOT NULL
            ) SELECT 1 FROM up WHERE id = ?
            """, id, workspace, ancestor
        ) { _ in true } ?? false
    }

    /// How many issues a scope has in each status, and what they are estimated at: kept by the database with every change.
    func counts(_ scope: CountScope, workspace: String, in reader: any SQLReader) throws -> [IssueStatus: StatusCount] {
        var counts: [IssueStatus: StatusCount] = [:]
        try reader.each(
            "SELECT status, issues, estimate FROM issue_counts WHERE workspace_id = ? AND scope = ?", workspace, scope.text
        ) { row in
            guard let status = IssueStatus(rawValue: row.text(0)) else { return }
            counts[status] = StatusCount(issues: Int(row.int(1)), estimate: Int(row.int(2)))
        }
        return counts
    }
}

/// Issues of one status.
struct StatusCount: Sendable, Hashable {
    var issues = 0
    var estimate = 0
}

/// Whose issues are counted.
enum CountScope: Sendable {
    case all
    case project(String)
    case crew(String)
    case milestone(String)
    case parent(String)

    var text: String {
        switch self {
        case .all: "all"
        case .project(let id): "project:" + id
        case .crew(let id): "crew:" + id
        case .milestone(let id): "milestone:" + id
        case .parent(let id): "parent:" + id
        }
    }
}
