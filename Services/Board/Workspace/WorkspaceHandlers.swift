import Models
import Service
import Storage

/// Issues and their comments on the workspace surface (seed 000). An agent's token reaches the issues of its project, its own,
/// and the one that it works on.
struct WorkspaceHandlers: Sendable {
    let desk: IssueDesk

    private var ledger: IssueLedger { desk.ledger }

    func list(_ call: Call) async throws -> Reply<WorkspaceIssuePage> {
        let filters = try await filters(call)
        let sort = try call.query.word("sort", as: IssueSort.self) ?? .createdAt
        let query = try call.page(filters: filters, order: sort.order)
        return Reply(
            try await call.read { reader in
                let page = try ledger.issues.page(query, workspace: call.workspace, in: reader)
                let facts = desk.facts(call, in: reader)
                return WorkspaceIssuePage(
                    issues: try page.items.map { try WorkspaceIssue($0.model(), facts) }, nextCursor: OrNull(page.nextCursor))
            })
    }

    func create(_ call: Call, body: CreateIssue) async throws -> CreatedShown<WorkspaceIssue> {
        var draft = IssueDraft(title: body.title, status: try WorkspaceWords.status(body.status ?? "open"))
        try Check.name(body.title, "title", lengthMax: IssueRules.titleLengthMax)
        draft.description = body.description ?? ""
        draft.priority = body.priority ?? .none
        draft.dueDate = body.dueDate
        draft.estimate = body.estimate
        draft.projectID = try await desk.home(call, body.projectID)
        draft.goalID = try await desk.references.goal(body.goalID, workspace: call.workspace)
        let assignee = try await desk.references.assignee(body.assigneeID, workspace: call.workspace)
        (draft.assigneeType, draft.assigneeID) = (assignee?.type, assignee?.id)
        let made = draft
        return try await call.write { transaction in
            var draft = made
            draft.crewID = try body.crewID.map { try desk.crew($0, "crew_id", call, in: transaction).id }
            draft.labels = try desk.labels(body.labels ?? [], makes: true, call, in: transaction)
            draft.parentID = try desk.parent(body.parentIssueID, of: nil, call, in: transaction)
            draft.milestoneID = try desk.milestone(body.milestoneID, call, in: transaction)
            draft.blockedBy = try body.blockedBy.map { try desk.named($0, "blocked_by", call, in: transaction).id }
            let stored = try ledger.add(draft, call.cause, in: transaction)
            let view = try WorkspaceIssue(stored.model(), desk.facts(call, in: transaction))
            return CreatedShown(view, of: stored, in: "/api/issues")
        }
    }

    func show(_ call: Call) async throws -> Shown<WorkspaceIssue> {
        try await call.read { reader in
            let stored = try desk.issue(call, in: reader)
            return Shown(try WorkspaceIssue(stored.model(), desk.facts(call, in: reader)), of: stored)
        }
    }

    func update(_ call: Call, body: UpdateIssue) async throws -> Shown<WorkspaceIssue> {
        var assignee: (type: ActorType, id: String)?
        if case .value(let reference) = body.assigneeID {
            assignee = try await desk.references.assignee(reference, workspace: call.workspace)
        }
        var project: String?
        if case .value(let reference) = body.projectID { project = try await desk.home(call, reference) }
        var goal: String?
        if case .value(let reference) = body.goalID {
            goal = try await desk.references.goal(reference, workspace: call.workspace)
        }
        if call.principal.run != nil, case .null = body.projectID {
            throw ServiceError.invalid("project_id", "an agent's issue stays in its project")
        }
        let resolved = (assignee: assignee, project: project, goal: goal)
        return try await call.write { transaction in
            let stored = try desk.issue(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try merge(body, into: try stored.model(), call, in: transaction)
            if !body.assigneeID.isAbsent {
                (issue.assigneeType, issue.assigneeID) = (resolved.assignee?.type, resolved.assignee?.id)
            }
            if !body.projectID.isAbsent { issue.projectID = resolved.project }
            if !body.goalID.isAbsent { issue.goalID = resolved.goal }
            let changed = try ledger.save(stored, as: issue, call.cause, in: transaction)
            return Shown(try WorkspaceIssue(changed.model(), desk.facts(call, in: transaction)), of: changed)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        let answer = try await call.write { transaction in
            let stored = try desk.issue(call, in: transaction)
            try call.checkMatch(stored)
            try ledger.remove(stored, call.cause, in: transaction)
            return NoContent()
        }
        return answer
    }

    func comments(_ call: Call) async throws -> Listing<IssueComment> {
        let query = try call.page(order: [.ascending("id")])
        return Listing(
            try await call.read {
                try ledger.history.comments(of: desk.issue(call, in: $0).id, query, workspace: call.workspace, in: $0)
            }, as: "comments")
    }

    func comment(_ call: Call, body: CreateComment) async throws -> Created<IssueComment> {
        let text = try IssueRules.comment(body.content, "content")
        return try await call.write { transaction in
            let issue = try desk.issue(call, in: transaction)
            let stored = try ledger.comment(text, on: issue, call.cause, in: transaction)
            return Created(stored, in: "/api/issues/\(issue.id)/comments")
        }
    }

    func deleteComment(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let issue = try desk.issue(call, in: transaction)
            try ledger.uncomment(call.parameter("commentId"), of: issue, call.cause, in: transaction)
            return NoContent()
        }
    }

    func activity(_ call: Call) async throws -> Listing<IssueActivity> {
        let query = try call.page(order: [.descending("id")])
        return Listing(
            try await call.read {
                try ledger.history.activity(of: desk.issue(call, in: $0).id, query, workspace: call.workspace, in: $0)
            }, as: "activity")
    }

    private func merge(_ body: UpdateIssue, into old: Issue, _ call: Call, in transaction: Transaction) throws -> Issue {
        var issue = old
        issue.title = try body.title.applied(to: issue.title, field: "title")
        issue.description = body.description.applied(to: issue.description) ?? ""
        issue.priority = body.priority.applied(to: issue.priority) ?? .none
        issue.dueDate = body.dueDate.applied(to: issue.dueDate)
        issue.estimate = body.estimate.applied(to: issue.estimate)
        issue.sortOrder = try body.sortOrder.applied(to: issue.sortOrder, field: "sort_order")
        if issue.sortOrder != old.sortOrder { issue.rank = Place.rank(of: issue.id) }
        if !body.labels.isAbsent {
            issue.labelIDs = try desk.labels(body.labels.applied(to: nil) ?? [], makes: true, call, in: transaction)
        }
        if !body.parentIssueID.isAbsent {
            issue.parentID = try desk.parent(body.parentIssueID.applied(to: nil), of: issue.id, call, in: transaction)
        }
        if !body.milestoneID.isAbsent {
            issue.milestoneID = try desk.milestone(body.milestoneID.applied(to: nil), call, in: transaction)
        }
        switch body.status {
        case .absent: break
        case .null: throw ServiceError.invalid("status", "must not be null")
        case .value(let word):
            let status = try WorkspaceWords.status(word)
            if status != issue.status { desk.move(&issue, to: status) }
        }
        return issue
    }

    private func filters(_ call: Call) async throws -> [Filter] {
        let words = try call.query.list("status").map { try WorkspaceWords.status($0) }
        var filters = try await desk.filters(call, statuses: words)
        let asked = call.principal.run.map { $0.projectID ?? "none" } ?? call.query["project_id"]
        if let asked, !asked.isEmpty { filters.append(try await desk.inProject(asked, call)) }
        return filters
    }
}
