import Models
import Service
import Storage

/// What becomes of the requests for the board.
struct BoardHandlers: Sendable {
    let issues: IssueStore
    let cards: CardStore
    let references: BoardReferences

    func show(_ call: Call) async throws -> Reply<Board> { Reply(try await board(call)) }

    /// The same board with the column names of the workspace surface.
    func workspaceBoard(_ call: Call) async throws -> Reply<Board> {
        var board = try await board(call)
        for index in board.columns.indices {
            if let status = IssueStatus(rawValue: board.columns[index].status) {
                board.columns[index].status = status.workspaceWord
            }
        }
        return Reply(board)
    }

    func move(_ call: Call, body: MoveCard) async throws -> Found<Issue> {
        let status = try IssueRules.status(body.status)
        if body.before != nil, body.after != nil { throw ServiceError.invalid("after", "cannot stand beside before") }
        return try await call.write { transaction in
            let stored = try issues.get(call.parameter("issueId"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var issue = IssueRules.move(try stored.model(), to: status, at: call.now)
            issue.rank = try rank(for: issue, body, in: transaction)
            let moved = try issues.replace(stored, with: issue, at: call.now, in: transaction)
            try call.emit("issue.updated", moved, project: issue.projectID, in: transaction)
            return Found(moved)
        }
    }

    private func rank(for issue: Issue, _ move: MoveCard, in transaction: Transaction) throws -> String {
        let field = move.before == nil ? "after" : "before"
        guard let reference = move.before ?? move.after else {
            let last = try issues.lastRank(
                project: issue.projectID, status: issue.status, workspace: issue.workspaceID, in: transaction)
            return Rank.between(last, nil) ?? issue.rank
        }
        let neighbour: Issue
        do {
            neighbour = try issues.get(reference, workspace: issue.workspaceID, in: transaction).model()
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such issue")
        }
        guard neighbour.status == issue.status, neighbour.projectID == issue.projectID, neighbour.id != issue.id else {
            throw ServiceError.invalid(field, "is not another card of that column")
        }
        let other = try issues.neighbour(of: neighbour, isAfter: move.after != nil, in: transaction)
        let between = move.after == nil ? Rank.between(other, neighbour.rank) : Rank.between(neighbour.rank, other)
        return between ?? issue.rank
    }

    private func board(_ call: Call) async throws -> Board {
        var project = try await references.project(call.query["project_id"], workspace: call.workspace)
        if let run = call.principal.run {
            guard project == nil || project == run.projectID else { throw ServiceError.invalid("project_id", "no such project") }
            project = run.projectID
        }
        let shown = project
        return try await call.read { reader in
            let columns = try BoardRules.columns.map { status, name in
                let tasks = try cards.cards(status, project: shown, workspace: call.workspace, in: reader)
                var filters: [Filter] = [.isIn("status", BoardRules.statuses(in: status).map(\.rawValue))]
                if let shown { filters.append(.equals("project_id", shown)) }
                let page = try issues.page(
                    ListQuery(filters: filters, order: [.ascending("rank")], limit: Board.cardsMax), workspace: call.workspace,
                    in: reader)
                let count = try issues.count(filters, workspace: call.workspace, in: reader)
                let all = tasks.cards + (try page.items.map { Card(try $0.model()) })
                return BoardColumn(
                    status: status.rawValue, name: name, count: tasks.count + count, cards: Array(all.prefix(Board.cardsMax)))
            }
            return Board(projectID: shown, columns: columns)
        }
    }
}
