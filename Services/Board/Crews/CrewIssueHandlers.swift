import HTTP
import Models
import Service
import Storage

/// Issues on the crews surface (seed 003): lists, one, new, changed, deleted.
struct CrewIssueHandlers: Sendable {
    static let limitDefault = 50
    static let limitMax = 100
    /// Pages that lie further back are found by filters.
    static let offsetMax = 100_000

    let desk: IssueDesk

    var ledger: IssueLedger { desk.ledger }

    func list(_ call: Call) async throws -> BareList<CrewIssue> { try await list(call, in: nil) }

    func listOfCrew(_ call: Call) async throws -> BareList<CrewIssue> {
        let crew = try await call.read { try desk.crew(call, in: $0).id }
        return try await list(call, in: crew)
    }

    private func list(_ call: Call, in crew: String?) async throws -> BareList<CrewIssue> {
        // What is shown as a word may be stored as several.
        let asked = try call.query.list("status").map { try CrewTransitions.status($0) }
        let statuses = IssueStatus.allCases.filter { asked.contains(CrewTransitions.shown($0)) }
        var filters = try await desk.filters(call, statuses: statuses, in: crew)
        if let project = call.query["project_id"], !project.isEmpty { filters.append(try await desk.inProject(project, call)) }
        if let run = call.principal.run { filters.append(.equals("project_id", run.projectID ?? "none")) }
        if let kind = call.query["mission_type"], !kind.isEmpty, kind != CrewIssue.missionType { filters.append(.isIn("id", [])) }
        let sort = try call.query.word("sort", as: IssueSort.self) ?? .createdAt
        var query = try call.page(
            filters: filters, order: sort.order, limit: CrewIssueHandlers.limitDefault, max: CrewIssueHandlers.limitMax)
        query.offset = try call.query.integer("offset", in: 0...CrewIssueHandlers.offsetMax) ?? 0
        let page = query
        return try await call.read { reader in
            let facts = desk.facts(call, in: reader)
            let found = try ledger.issues.page(page, workspace: call.workspace, in: reader)
            return BareList(views: try found.items.map { try CrewIssue($0.model(), facts) })
        }
    }

    func show(_ call: Call) async throws -> Shown<CrewIssue> {
        try await call.read { reader in
            let stored = try desk.issue(call, "identifier", in: reader)
            return Shown(try CrewIssue(stored.model(), desk.facts(call, in: reader)), of: stored)
        }
    }

    func showOfCrew(_ call: Call) async throws -> Shown<CrewIssue> {
        try await call.read { reader in
            let stored = try desk.issueOfCrew(call, in: reader)
            return Shown(try CrewIssue(stored.model(), desk.facts(call, in: reader)), of: stored)
        }
    }

    func create(_ call: Call, body: CreateCrewIssue) async throws -> CreatedShown<CrewIssue> {
        let crew = try await call.read { try desk.crew(call, in: $0).model() }
        try Check.name(body.title, "title", lengthMax: IssueRules.titleLengthMax)
        guard crew.leadAgentID != nil else {
            throw ServiceError(.validation, "the crew has no lead agent: give it one first", code: "no_lead_agent")
        }
        var draft = IssueDraft(title: body.title, status: .backlog)
        draft.crewID = crew.id
        draft.description = body.description ?? ""
        draft.priority = body.priority ?? .none
        draft.dueDate = body.dueDate.flatMap { $0.isEmpty ? nil : $0 }
        draft.estimate = body.estimate
        draft.sortOrder = body.sortOrder
        draft.projectID = try await desk.home(call, body.projectID)
        let assignee = try await desk.assignee(body.assigneeType, body.assigneeID, call)
        (draft.assigneeType, draft.assigneeID) = (assignee?.type, assignee?.id)
        draft.routineInputs = try RoutineRules.inputs(body.routineInputs, hasRoutine: body.routineID?.isEmpty == false)
        let made = draft
        return try await call.write { transaction in
            var draft = made
            draft.labels = try desk.labels(body.labels ?? [], makes: false, call, in: transaction)
            draft.parentID = try desk.parent(body.parentIssueID, of: nil, call, in: transaction)
            draft.milestoneID = try desk.milestone(body.milestoneID, call, in: transaction)
            draft.routineID = try desk.routine(body.routineID, call, in: transaction)
            let stored = try ledger.add(draft, call.cause, in: transaction)
            let view = try CrewIssue(stored.model(), desk.facts(call, in: transaction))
            return CreatedShown(view, of: stored, in: "/api/v1/crews/\(crew.id)/issues")
        }
    }

    func update(_ call: Call, body: UpdateCrewIssue) async throws -> Shown<CrewIssue> {
        guard !body.isEmpty else { throw ServiceError(.validation, "no fields to update", code: "nothing_to_update") }
        var assignee: (type: ActorType, id: String)?
        if !body.assigneeID.isAbsent || !body.assigneeType.isAbsent {
            assignee = try await desk.assignee(body.assigneeType.applied(to: nil), body.assigneeID.applied(to: nil), call)
        }
        let project = try await desk.home(call, body.projectID.applied(to: nil))
        let resolved = (assignee: assignee, project: project)
        return try await call.write { transaction in
            let stored = try desk.issueOfCrew(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try merge(body, into: try stored.model(), call, in: transaction)
            if !body.assigneeID.isAbsent || !body.assigneeType.isAbsent {
                (issue.assigneeType, issue.assigneeID) = (resolved.assignee?.type, resolved.assignee?.id)
            }
            if !body.projectID.isAbsent { issue.projectID = resolved.project }
            let changed = try ledger.save(stored, as: issue, call.cause, in: transaction)
            return Shown(try CrewIssue(changed.model(), desk.facts(call, in: transaction)), of: changed)
        }
    }

    /// Only from `BACKLOG` or `CANCELLED`.
    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try desk.issueOfCrew(call, in: transaction)
            try call.checkMatch(stored)
            let status = try stored.model().status
            guard status == .backlog || status == .cancelled else {
                throw ServiceError(
                    .validation,
                    "the issue is \(CrewTransitions.word(status)): only what is BACKLOG or CANCELLED is deleted",
                    code: "not_deletable", field: "status")
            }
            try ledger.remove(stored, call.cause, in: transaction)
            return NoContent()
        }
    }

    private func merge(_ body: UpdateCrewIssue, into old: Issue, _ call: Call, in transaction: Transaction) throws -> Issue {
        var issue = old
        issue.title = try body.title.applied(to: issue.title, field: "title")
        issue.description = body.description.applied(to: issue.description) ?? ""
        issue.priority = body.priority.applied(to: issue.priority) ?? .none
        issue.dueDate = body.dueDate.applied(to: issue.dueDate).flatMap { $0.isEmpty ? nil : $0 }
        issue.estimate = body.estimate.applied(to: issue.estimate)
        issue.sortOrder = try body.sortOrder.applied(to: issue.sortOrder, field: "sort_order")
        if issue.sortOrder != old.sortOrder { issue.rank = Place.rank(of: issue.id) }
        if !body.labels.isAbsent {
            issue.labelIDs = try desk.labels(body.labels.applied(to: nil) ?? [], makes: false, call, in: transaction)
        }
        if !body.parentIssueID.isAbsent {
            issue.parentID = try desk.parent(body.parentIssueID.applied(to: nil), of: issue.id, call, in: transaction)
        }
        if !body.milestoneID.isAbsent {
            issue.milestoneID = try desk.milestone(body.milestoneID.applied(to: nil), call, in: transaction)
        }
        if !body.routineID.isAbsent {
            issue.routineID = try desk.routine(body.routineID.applied(to: nil), call, in: transaction)
            if issue.routineID == nil { issue.routineInputs = nil }
        }
        if !body.routineInputs.isAbsent {
            issue.routineInputs = try RoutineRules.inputs(
                body.routineInputs.applied(to: nil), hasRoutine: issue.routineID != nil)
        }
        switch body.status {
        case .absent: break
        case .null: throw ServiceError.invalid("status", "must not be null")
        case .value(let word):
            let status = try CrewTransitions.status(word)
            try CrewTransitions.check(issue.status, status)
            if CrewTransitions.shown(issue.status) != status { desk.move(&issue, to: status) }
        }
        return issue
    }
}

/// What the crews surface looks up.
extension IssueDesk {
    /// The crew of the path.
    /// - Throws: 404.
    func crew(_ call: Call, in reader: any SQLReader) throws -> Stored<Crew> {
        try ledger.crews.get(call.parameter("crewId"), workspace: call.workspace, in: reader)
    }

    /// The issue of the path, in the crew of the path.
    /// - Throws: 404.
    func issueOfCrew(_ call: Call, in reader: any SQLReader) throws -> Stored<Issue> {
        try issue(call, "identifier", crew: try crew(call, in: reader).id, in: reader)
    }

    /// Whoever a type and an id name; nil for an empty id.
    /// - Throws: 400 naming the field.
    func assignee(
        _ type: ActorType?, _ id: String?, _ call: Call
    ) async throws -> (type: ActorType, id: String)? {
        guard let id, !id.isEmpty else {
            if id == nil, type != nil { throw ServiceError.invalid("assignee_id", "required with assignee_type") }
            return nil
        }
        switch type {
        case .user: return (.user, try BoardReferences.user(id, field: "assignee_id"))
        case .agent: return (.agent, try await references.agent(id, workspace: call.workspace, field: "assignee_id"))
        case .service: throw ServiceError.invalid("assignee_type", "must be one of user, agent")
        case nil: return try await references.assignee(id, workspace: call.workspace)
        }
    }
}
