import Models
import Service
import Storage

/// `POST /board-api/views`.
struct CreateView: Codable, Sendable {
    var name: String
    var filters: SavedView.Filters?
    var sort: String?
    var groupBy: SavedView.Grouping?

    enum CodingKeys: String, CodingKey { case name, filters, sort, groupBy = "group_by" }
}

/// `PATCH /board-api/views/{id}`.
struct UpdateView: Codable, Sendable {
    var name: Field<String>
    var filters: Field<SavedView.Filters>
    var sort: Field<String>
    var groupBy: Field<SavedView.Grouping>

    enum CodingKeys: String, CodingKey { case name, filters, sort, groupBy = "group_by" }
}

/// The issues of a view, group by group where it groups.
struct ViewPage: Codable, Sendable {
    struct Group: Codable, Sendable {
        /// A status, a priority, or an id; null for the issues that have none.
        let key: OrNull<String>
        var issues: [WorkspaceIssue]
    }

    let view: SavedView
    let issues: [WorkspaceIssue]
    /// The same issues, in the order in which their groups come up.
    let groups: [Group]
    let nextCursor: OrNull<String>

    enum CodingKeys: String, CodingKey { case view, issues, groups, nextCursor = "next_cursor" }
}

/// An issue that a text was found in.
struct SearchHit: Codable, Sendable {
    let issue: WorkspaceIssue
    /// The greater the better.
    let score: Double
    let snippet: String
    /// The comment that it was found in; null for the title or the description.
    let commentID: OrNull<String>

    enum CodingKeys: String, CodingKey { case issue, score, snippet, commentID = "comment_id" }
}

/// What a search found, best first.
struct SearchResults: Codable, Sendable {
    let results: [SearchHit]
}

/// Views that are saved, and search over everything that is said about issues.
struct ViewHandlers: Sendable {
    static let resultsDefault = 20
    static let resultsMax = 100

    let desk: IssueDesk

    private var ledger: IssueLedger { desk.ledger }
    private var table: DocumentTable<SavedView> { PlanningStore.views }

    func list(_ call: Call) async throws -> Listing<SavedView> {
        let query = try call.page(order: [.ascending("name")])
        return Listing(try await call.read { try table.list(query, workspace: call.workspace, in: $0) }, as: "views")
    }

    func create(_ call: Call, body: CreateView) async throws -> Created<SavedView> {
        let view = SavedView(
            id: Identifier.make("view", at: call.now), workspaceID: call.workspace, name: body.name,
            filters: body.filters ?? SavedView.Filters(), sort: body.sort ?? IssueSort.createdAt.rawValue,
            groupBy: body.groupBy ?? .none, createdBy: call.actor, createdAt: call.now, updatedAt: call.now)
        try ViewRules.validate(view)
        return try await call.write { transaction in
            Created(
                try table.insert(view, workspace: call.workspace, at: call.now, in: transaction), in: "/board-api/views")
        }
    }

    func show(_ call: Call) async throws -> Found<SavedView> {
        Found(try await call.read { try table.get(call.parameter("id"), workspace: call.workspace, in: $0) })
    }

    func update(_ call: Call, body: UpdateView) async throws -> Found<SavedView> {
        try await call.write { transaction in
            let stored = try table.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var view = try stored.model()
            view.name = try body.name.applied(to: view.name, field: "name")
            view.filters = body.filters.applied(to: view.filters) ?? SavedView.Filters()
            view.sort = body.sort.applied(to: view.sort) ?? IssueSort.createdAt.rawValue
            view.groupBy = body.groupBy.applied(to: view.groupBy) ?? .none
            view.updatedAt = call.now
            try ViewRules.validate(view)
            return Found(try table.replace(stored, with: view, at: call.now, in: transaction))
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try table.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try table.delete(stored.id, workspace: call.workspace, in: transaction)
            return NoContent()
        }
    }

    /// A page of the issues that meet a view's filters, in its order.
    func issues(_ call: Call) async throws -> Reply<ViewPage> {
        let view = try await call.read {
            try table.get(call.parameter("id"), workspace: call.workspace, in: $0).model()
        }
        var project: String?
        if let reference = view.filters.projectID {
            // A project that is gone has no issues.
            let known = try await desk.inProject(reference, call)
            if case .equals(_, let id) = known, case .text(let text) = id?.sqlValue { project = text }
        }
        let shown = project
        let cursor = try call.page(order: [])
        return try await call.read { reader in
            var query = cursor
            query.order = (IssueSort(rawValue: view.sort) ?? .createdAt).order
            query.filters = try filters(view.filters, project: shown, call, in: reader)
            let page = try ledger.issues.page(query, workspace: call.workspace, in: reader)
            let facts = desk.facts(call, in: reader)
            let issues = try page.items.map { try WorkspaceIssue($0.model(), facts) }
            return Reply(
                ViewPage(
                    view: view, issues: issues, groups: ViewRules.groups(issues, by: view.groupBy),
                    nextCursor: OrNull(page.nextCursor)))
        }
    }

    private func filters(
        _ filters: SavedView.Filters, project: String?, _ call: Call, in reader: any SQLReader
    ) throws -> [Filter] {
        var conditions: [Filter] = []
        if let project { conditions.append(.equals("project_id", project)) }
        if let crew = filters.crewID {
            conditions.append(
                .equals("crew_id", try CrewStore.table.find(crew, workspace: call.workspace, in: reader)?.id ?? crew))
        }
        if let words = filters.status, !words.isEmpty {
            conditions.append(.isIn("status", try words.map { try WorkspaceWords.status($0).rawValue }))
        }
        if let priorities = filters.priority, !priorities.isEmpty {
            conditions.append(.isIn("priority", priorities.map(\.rank)))
        }
        if let assignee = filters.assigneeID {
            let known = try ledger.known.find(.agent, assignee, workspace: call.workspace, in: reader)
            conditions.append(.equals("assignee_id", known?.id ?? assignee))
        }
        if let label = filters.label {
            let known = try ledger.labels.find(label, workspace: call.workspace, in: reader)
            conditions.append(IssueDesk.hasLabel(known?.id ?? label))
        }
        if let milestone = filters.milestoneID { conditions.append(.equals("milestone_id", milestone)) }
        if let text = filters.search, !text.isEmpty { conditions.append(IssueDesk.titleHas(text, workspace: call.workspace)) }
        return conditions
    }

    /// Every word of a text, in titles, descriptions and comments.
    func search(_ call: Call) async throws -> Reply<SearchResults> {
        let text = try call.query.required("q")
        let limit = try call.query.integer("limit", in: 1...ViewHandlers.resultsMax) ?? ViewHandlers.resultsDefault
        var filters: [Filter] = []
        let asked = call.principal.run.map { $0.projectID ?? "none" } ?? call.query["project_id"]
        if let asked, !asked.isEmpty { filters = [try await desk.inProject(asked, call)] }
        let conditions = filters
        // On a thread of its own: a common word has many matches.
        return try await call.environment.database.readLong { reader in
            let issues = try IssueStore.texts.search(
                text, workspace: call.workspace, table: "issues", filters: conditions, limit: limit, in: reader)
            let comments = try HistoryStore.texts.search(text, workspace: call.workspace, limit: limit, in: reader)
            let facts = desk.facts(call, in: reader)
            var hits: [String: SearchHit] = [:]
            func add(_ issue: String, _ hit: FullTextIndex.Hit, comment: String?) throws {
                guard (hits[issue]?.score ?? -1) < hit.score,
                    let found = try ledger.issues.find(issue, workspace: call.workspace, in: reader)?.model(),
                    try isShown(found, conditions)
                else { return }
                hits[issue] = SearchHit(
                    issue: try WorkspaceIssue(found, facts), score: hit.score, snippet: hit.snippet, commentID: OrNull(comment))
            }
            for hit in issues { try add(hit.id, hit, comment: nil) }
            for hit in comments {
                let comment = try HistoryStore.comments.find(hit.id, workspace: call.workspace, in: reader)?.model()
                if let comment { try add(comment.issueID, hit, comment: comment.id) }
            }
            let best = hits.values.sorted { ($0.score, $1.issue.id) > ($1.score, $0.issue.id) }
            return Reply(SearchResults(results: Array(best.prefix(limit))))
        }
    }

    private func isShown(_ issue: Issue, _ conditions: [Filter]) throws -> Bool {
        guard case .equals(_, let id) = conditions.first, case .text(let project) = id?.sqlValue else { return true }
        return issue.projectID == project
    }
}

/// What the domain asks of a view. Pure functions.
enum ViewRules {
    static func validate(_ view: SavedView) throws(ServiceError) {
        try Check.name(view.name)
        guard IssueSort(rawValue: view.sort) != nil else {
            throw .invalid("sort", "must be one of \(IssueSort.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        for word in view.filters.status ?? [] { _ = try WorkspaceWords.status(word, field: "filters.status") }
        let references = [
            ("project_id", view.filters.projectID), ("crew_id", view.filters.crewID), ("assignee_id", view.filters.assigneeID),
            ("milestone_id", view.filters.milestoneID),
        ]
        for (field, reference) in references {
            if let reference { try Check.reference(reference, "filters.\(field)") }
        }
        if let label = view.filters.label { try Check.name(label, "filters.label") }
        if let text = view.filters.search { try Check.name(text, "filters.search") }
    }

    static func groups(_ issues: [WorkspaceIssue], by grouping: SavedView.Grouping) -> [ViewPage.Group] {
        func key(_ issue: WorkspaceIssue) -> String? {
            switch grouping {
            case .none: nil
            case .status: issue.status
            case .priority: issue.priority.rawValue
            case .assignee: issue.assigneeID.value
            case .project: issue.projectID.value
            }
        }
        guard grouping != .none else { return [] }
        var groups: [ViewPage.Group] = []
        var places: [String?: Int] = [:]
        for issue in issues {
            let key = key(issue)
            if let place = places[key] {
                groups[place].issues.append(issue)
            } else {
                places[key] = groups.count
                groups.append(ViewPage.Group(key: OrNull(key), issues: [issue]))
            }
        }
        return groups
    }
}
