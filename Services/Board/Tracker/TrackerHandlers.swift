import Models
import Service
import Storage

/// Issues on the tracker surface (seed 001).
struct TrackerHandlers: Sendable {
    /// The seed lists all; more than this come page by page.
    static let listLimit = 200

    let desk: IssueDesk

    var ledger: IssueLedger { desk.ledger }

    func list(_ call: Call) async throws -> BareList<TrackerIssue> {
        let project = try await project(call)
        let statuses = try call.query.list("status").flatMap { try TrackerWords.stored($0) }
        let filters = try await desk.filters(call, statuses: statuses) + [.equals("project_id", project)]
        let query = try call.page(filters: filters, order: IssueSort.createdAt.order, limit: TrackerHandlers.listLimit)
        return try await call.read { reader in
            let page = try ledger.issues.page(query, workspace: call.workspace, in: reader)
            let facts = desk.facts(call, in: reader)
            return BareList(views: try page.items.map { try TrackerIssue($0.model(), facts) }, nextCursor: page.nextCursor)
        }
    }

    func create(_ call: Call, body: CreateTrackerIssue) async throws -> CreatedShown<TrackerIssue> {
        try Check.name(body.title, "title", lengthMax: IssueRules.titleLengthMax)
        var draft = IssueDraft(title: body.title, status: .todo, names: .camel)
        draft.projectID = try await project(call)
        draft.description = body.description ?? ""
        draft.priority = try body.priority.map { try TrackerWords.priority($0) } ?? .none
        draft.dueDate = body.dueDate
        draft.estimate = body.estimate
        draft.goalID = try await desk.references.goal(body.goalId, workspace: call.workspace, field: "goalId")
        let assignee = try await assignee(agent: body.assignedAgentId, user: body.assigneeUserId, call)
        (draft.assigneeType, draft.assigneeID) = (assignee?.type, assignee?.id)
        let made = draft
        return try await call.write { transaction in
            var draft = made
            draft.labels = try desk.labels(body.labels ?? [], makes: true, call, in: transaction)
            draft.parentID = try desk.parent(body.parentIssueId, of: nil, field: "parentIssueId", call, in: transaction)
            if let blocker = body.blockedByIssueId, !blocker.isEmpty {
                draft.blockedBy = try desk.named(blocker, "blockedByIssueId", call, in: transaction).id
            }
            let stored = try ledger.add(draft, call.cause, in: transaction)
            let view = try TrackerIssue(stored.model(), desk.facts(call, in: transaction))
            return CreatedShown(view, of: stored, in: "/api/projects/issues")
        }
    }

    func show(_ call: Call) async throws -> Shown<TrackerIssue> {
        try await call.read { reader in
            let stored = try desk.issue(call, in: reader)
            return Shown(try TrackerIssue(stored.model(), desk.facts(call, in: reader)), of: stored)
        }
    }

    func update(_ call: Call, body: UpdateTrackerIssue) async throws -> Shown<TrackerIssue> {
        let assignee = try await assignee(
            agent: body.assignedAgentId.applied(to: nil), user: body.assigneeUserId.applied(to: nil), call)
        let project = try await desk.home(call, body.projectId.applied(to: nil), field: "projectId")
        let goal = try await desk.references.goal(body.goalId.applied(to: nil), workspace: call.workspace, field: "goalId")
        return try await call.write { transaction in
            let stored = try desk.issue(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try merge(body, into: try stored.model(), call, in: transaction)
            if !body.assignedAgentId.isAbsent || !body.assigneeUserId.isAbsent {
                let isOther = assignee == nil && !clears(body, issue)
                if !isOther { (issue.assigneeType, issue.assigneeID) = (assignee?.type, assignee?.id) }
            }
            if !body.projectId.isAbsent { issue.projectID = project }
            if !body.goalId.isAbsent { issue.goalID = goal }
            let changed = try ledger.save(stored, as: issue, call.cause, names: .camel, in: transaction)
            return Shown(try TrackerIssue(changed.model(), desk.facts(call, in: transaction)), of: changed)
        }
    }

    /// Whether a body that names no assignee takes away the one that there is: a null for agents leaves a person, and the other
    /// way round, so that what a GET has shown can be sent back.
    private func clears(_ body: UpdateTrackerIssue, _ issue: Issue) -> Bool {
        issue.assigneeType == .agent ? !body.assignedAgentId.isAbsent : !body.assigneeUserId.isAbsent
    }

    private func merge(
        _ body: UpdateTrackerIssue, into old: Issue, _ call: Call, in transaction: Transaction
    ) throws -> Issue {
        var issue = old
        issue.title = try body.title.applied(to: issue.title, field: "title")
        issue.description = body.description.applied(to: issue.description) ?? ""
        if case .value(let word) = body.priority { issue.priority = try TrackerWords.priority(word) }
        if case .null = body.priority { issue.priority = .none }
        issue.dueDate = body.dueDate.applied(to: issue.dueDate)
        issue.estimate = body.estimate.applied(to: issue.estimate)
        if !body.labels.isAbsent {
            issue.labelIDs = try desk.labels(body.labels.applied(to: nil) ?? [], makes: true, call, in: transaction)
        }
        if !body.parentIssueId.isAbsent {
            issue.parentID = try desk.parent(
                body.parentIssueId.applied(to: nil), of: issue.id, field: "parentIssueId", call, in: transaction)
        }
        switch body.status {
        case .absent: break
        case .null: throw ServiceError.invalid("status", "must not be null")
        case .value(let word):
            let status = try TrackerWords.status(word)
            // What is shown already need not change: several of what is stored are shown alike.
            if word != TrackerWords.word(issue.status) { desk.move(&issue, to: status) }
        }
        return issue
    }

    /// The project of the path; an agent's token reaches its own.
    private func project(_ call: Call) async throws -> String {
        let id = try await desk.references.projectInPath(call.parameter("projectId"), workspace: call.workspace)
        if let run = call.principal.run, run.projectID != id { throw ServiceError.notFound("project") }
        return id
    }

    private func assignee(agent: String?, user: String?, _ call: Call) async throws -> (type: ActorType, id: String)? {
        let named = (agent: agent.flatMap { $0.isEmpty ? nil : $0 }, user: user.flatMap { $0.isEmpty ? nil : $0 })
        switch named {
        case (nil, nil): return nil
        case (let agent?, nil):
            return (.agent, try await desk.references.agent(agent, workspace: call.workspace, field: "assignedAgentId"))
        case (nil, let user?): return (.user, try BoardReferences.user(user, field: "assigneeUserId"))
        default: throw ServiceError.invalid("assigneeUserId", "an issue has one assignee: name an agent or a person")
        }
    }
}
