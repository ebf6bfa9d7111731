import Models
import Service
import Storage

/// What becomes of the requests for the board.
struct BoardHandlers: Sendable {
    /// Cards that a column may be limited to.
    static let limitMax = 100_000

    let desk: IssueDesk
    let cards: CardStore

    private var ledger: IssueLedger { desk.ledger }
    private let planning = PlanningStore()

    init(desk: IssueDesk, cards: CardStore) {
        self.desk = desk
        self.cards = cards
    }

    func show(_ call: Call) async throws -> Reply<Board> { Reply(try await board(call)) }

    /// The same board with the column names of the workspace surface.
    func workspaceBoard(_ call: Call) async throws -> Reply<Board> {
        var board = try await board(call)
        for index in board.columns.indices {
            guard let status = IssueStatus(rawValue: board.columns[index].status) else { continue }
            board.columns[index].status = WorkspaceWords.word(status)
            for card in board.columns[index].cards.indices where board.columns[index].cards[card].kind == .issue {
                let stored = IssueStatus(rawValue: board.columns[index].cards[card].status)
                board.columns[index].cards[card].status = WorkspaceWords.word(stored ?? status)
            }
        }
        return Reply(board)
    }

    /// Moves a card into a column, before or after another, or to its end. No other card changes its place.
    func move(_ call: Call, body: MoveCard) async throws -> Shown<WorkspaceIssue> {
        let status = try WorkspaceWords.status(body.status)
        if body.before != nil, body.after != nil { throw ServiceError.invalid("after", "cannot stand beside before") }
        return try await call.write { transaction in
            let stored = try desk.issue(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try stored.model()
            let isNews = BoardRules.column(of: issue.status) != BoardRules.column(of: status)
            if isNews, body.force != true { try checkLimit(of: status, for: issue, in: transaction) }
            if isNews { desk.move(&issue, to: status) }
            issue.place = try place(of: issue, body, call, in: transaction)
            let moved = try ledger.save(stored, as: issue, call.cause, in: transaction)
            return Shown(try WorkspaceIssue(moved.model(), desk.facts(call, in: transaction)), of: moved)
        }
    }

    /// Says how many cards a column should have at most; null for any number.
    func limit(_ call: Call, body: LimitColumn) async throws -> Reply<ColumnLimit> {
        let column = BoardRules.column(of: try WorkspaceWords.status(call.parameter("status")))
        if let limit = body.wipLimit.value { try Check.range(limit, "wip_limit", 1...BoardHandlers.limitMax) }
        let project = try await desk.references.project(body.projectID, workspace: call.workspace)
        return try await call.write { transaction in
            try planning.setLimit(
                body.wipLimit.value, column: column, project: project, workspace: call.workspace, in: transaction)
            return Reply(
                ColumnLimit(status: column.rawValue, projectID: OrNull(project), wipLimit: OrNull(body.wipLimit.value)))
        }
    }

    private func checkLimit(of status: IssueStatus, for issue: Issue, in transaction: Transaction) throws {
        let column = BoardRules.column(of: status)
        for project in Set([issue.projectID, nil]) {
            let limits = try planning.limits(project: project, workspace: issue.workspaceID, in: transaction)
            guard let limit = limits[column.rawValue] else { continue }
            let counts = try self.counts(project, workspace: issue.workspaceID, in: transaction)
            try BoardRules.checkLimit(limit, count: counts(column).cards, column: column)
        }
    }

    private func place(
        of issue: Issue, _ move: MoveCard, _ call: Call, in transaction: Transaction
    ) throws -> Place {
        let (store, rank) = (ledger.issues, Place.rank(of: issue.id))
        let field = move.before == nil ? "after" : "before"
        guard let reference = move.before ?? move.after else {
            // The end of the workspace is the end of the column too.
            let last = try store.lastPlace(workspace: issue.workspaceID, in: transaction)
            return Place.between(last == issue.place ? nil : last, nil, rank: rank) ?? issue.place
        }
        let neighbour = try desk.named(reference, field, call, in: transaction).model()
        let isThere = BoardRules.column(of: neighbour.status) == BoardRules.column(of: issue.status)
        guard isThere, neighbour.projectID == issue.projectID, neighbour.id != issue.id else {
            throw ServiceError.invalid(field, "is not another card of that column")
        }
        let other = try store.neighbour(of: neighbour, isAfter: move.after != nil, except: issue.id, in: transaction)
        let between =
            move.after == nil
            ? Place.between(other, neighbour.place, rank: rank) : Place.between(neighbour.place, other, rank: rank)
        return between ?? issue.place
    }

    /// What a column has: its cards, tasks' and issues', and what the issues are estimated at.
    private func counts(
        _ project: String?, workspace: String, in reader: any SQLReader
    ) throws -> (IssueStatus) -> (cards: Int, estimate: Int) {
        let tasks = try cards.counts(project: project, workspace: workspace, in: reader)
        let scope = project.map { CountScope.project($0) } ?? .all
        let issues = try ledger.issues.counts(scope, workspace: workspace, in: reader)
        return { column in
            let own = BoardRules.statuses(in: column).compactMap { issues[$0] }
            return (
                (tasks[column.rawValue] ?? 0) + own.reduce(0) { $0 + $1.issues }, own.reduce(0) { $0 + $1.estimate }
            )
        }
    }

    private func board(_ call: Call) async throws -> Board {
        var project = try await desk.references.project(call.query["project_id"], workspace: call.workspace)
        if let run = call.principal.run {
            guard project == nil || project == run.projectID else { throw ServiceError.invalid("project_id", "no such project") }
            project = run.projectID
        }
        let shown = project
        return try await call.read { reader in
            let counts = try self.counts(shown, workspace: call.workspace, in: reader)
            let limits = try planning.limits(project: shown, workspace: call.workspace, in: reader)
            let columns = try BoardRules.columns.map { status, name in
                let tasks = try cards.cards(status, project: shown, workspace: call.workspace, in: reader)
                var filters: [Filter] = [.isIn("status", BoardRules.statuses(in: status).map(\.rawValue))]
                if filters.count == 1, status != .done { filters = [.equals("status", status.rawValue)] }
                if let shown { filters.append(.equals("project_id", shown)) }
                let page = try ledger.issues.page(
                    ListQuery(filters: filters, order: IssueSort.sortOrder.order, limit: Board.cardsMax),
                    workspace: call.workspace, in: reader)
                let all = tasks + (try page.items.map { Card(try $0.model()) })
                let (count, estimate) = counts(status)
                return BoardColumn(
                    status: status.rawValue, name: name, count: count, estimate: estimate, wipLimit: limits[status.rawValue],
                    cards: Array(all.prefix(Board.cardsMax)))
            }
            return Board(projectID: shown, columns: columns)
        }
    }
}

/// `PUT /board-api/columns/{status}`.
struct LimitColumn: Codable, Sendable {
    var wipLimit: OrNull<Int>
    /// Of the board of one project; of the whole workspace's when left out.
    var projectID: String?

    enum CodingKeys: String, CodingKey { case wipLimit = "wip_limit", projectID = "project_id" }
}

/// How many cards a column should have.
struct ColumnLimit: Codable, Sendable {
    let status: String
    let projectID: OrNull<String>
    let wipLimit: OrNull<Int>

    enum CodingKeys: String, CodingKey { case status, projectID = "project_id", wipLimit = "wip_limit" }
}
