import Models
import Service
import Storage

/// What a new issue is made of; everything in it is looked up already.
struct IssueDraft: Sendable {
    var title: String
    var description = ""
    var status: IssueStatus
    var priority = Priority.none
    /// Nil for the workspace's default crew.
    var crewID: String?
    var projectID: String?
    var goalID: String?
    var assigneeType: ActorType?
    var assigneeID: String?
    var labels: [String] = []
    var dueDate: String?
    var estimate: Int?
    var parentID: String?
    var milestoneID: String?
    var routineID: String?
    var routineInputs: JSONValue?
    var sortOrder: Double?
    /// The id of an issue that must end first.
    var blockedBy: String?
    var names = IssueRules.FieldNames.snake
}

/// Writes issues, and in the same transaction all that follows: their history, their events, what they block or release, and
/// what their agents are asked to do.
struct IssueLedger: Sendable {
    let issues = IssueStore()
    let links = LinkStore()
    let labels = LabelStore()
    let crews = CrewStore()
    let known = KnownStore()
    let history = HistoryStore()
    let work = WorkStore()
    let attachments = AttachmentStore()
    let planning = PlanningStore()
    let environment: ServiceEnvironment

    /// Makes an issue, `waiting` when it is born blocked.
    /// - Throws: 400 for what its members may not be.
    func add(_ draft: IssueDraft, _ cause: Cause, in transaction: Transaction) throws -> Stored<Issue> {
        let crew: Crew
        if let id = draft.crewID {
            crew = try crews.get(id, workspace: cause.workspace, in: transaction).model()
        } else {
            crew = try crews.home(workspace: cause.workspace, at: cause.now, in: transaction)
        }
        var issue = try make(draft, in: crew, cause, in: transaction)
        if let blocker = draft.blockedBy {
            let stored = try issues.get(blocker, workspace: cause.workspace, in: transaction)
            try links.insert(
                IssueLink(
                    id: Identifier.make("link", at: cause.now), sourceID: stored.id, kind: .blocks, targetID: issue.id,
                    createdAt: cause.now), workspace: cause.workspace, in: transaction)
            issue = DependencyRules.settled(issue, isBlocked: try !stored.model().status.isEnded)
        }
        if issue.status == .waiting, issue.heldFrom == nil { try DependencyRules.check(.waiting, blockers: []) }
        if issue.status.isEnded { issue.completedAt = cause.now }
        let (followed, effects) = WorkRules.follow(nil, issue, isByAgent: cause.isByAgent)
        issue = followed
        try apply(effects, to: &issue, cause, in: transaction)
        let stored = try issues.insert(issue, in: transaction)
        if !issue.labelIDs.isEmpty { try labels.set(issue, in: transaction) }
        try note("created", of: issue.id, cause, details: "created the issue", in: transaction)
        try remember(cause, in: transaction)
        try emit("issue.created", stored, issue, cause, in: transaction)
        return stored
    }

    private func make(_ draft: IssueDraft, in crew: Crew, _ cause: Cause, in transaction: Transaction) throws -> Issue {
        let id = Identifier.make("issue", at: cause.now)
        let last = draft.sortOrder == nil ? try issues.lastPlace(workspace: cause.workspace, in: transaction) : nil
        let rank = Place.rank(of: id)
        let place = draft.sortOrder.map { Place(order: $0, rank: rank) } ?? Place.between(last, nil, rank: rank)
        var issue = Issue(
            id: id, workspaceID: cause.workspace, crewID: crew.id, identifier: "", number: 0, title: draft.title,
            status: draft.status, createdAt: cause.now)
        issue.description = draft.description
        issue.priority = draft.priority
        issue.projectID = draft.projectID
        issue.goalID = draft.goalID
        issue.assigneeType = draft.assigneeID == nil ? nil : draft.assigneeType
        issue.assigneeID = draft.assigneeID
        issue.labelIDs = draft.labels
        issue.dueDate = draft.dueDate
        issue.estimate = draft.estimate
        issue.parentID = draft.parentID
        issue.milestoneID = draft.milestoneID
        issue.routineID = draft.routineID
        issue.routineInputs = draft.routineInputs
        issue.place = place ?? Place(order: 1, rank: rank)
        issue.createdBy = cause.actor
        issue.authoredVia = cause.via
        try IssueRules.validate(issue, names: draft.names)
        issue.number = try crews.nextNumber(of: crew.id, workspace: cause.workspace, in: transaction)
        issue.identifier = "\(crew.prefix)-\(issue.number)"
        return issue
    }

    /// Writes a changed issue, with the status that its dependencies leave it; a change of nothing writes nothing.
    /// - Parameters:
    ///   - suffix: added to what its history says.
    ///   - isQuiet: no event of its own: one for many follows.
    /// - Throws: 400 for what its members may not be; 409 for a status that its dependencies forbid.
    @discardableResult
    func save(
        _ old: Stored<Issue>, as changed: Issue, _ cause: Cause, names: IssueRules.FieldNames = .snake, suffix: String = "",
        isQuiet: Bool = false, in transaction: Transaction
    ) throws -> Stored<Issue> {
        let before = try old.model()
        let isBlocked = try !changed.status.isEnded && links.isBlocked(old.id, workspace: cause.workspace, in: transaction)
        if changed.status != before.status {
            try DependencyRules.check(
                changed.status,
                blockers: isBlocked ? try links.blockers(of: old.id, workspace: cause.workspace, in: transaction) : [])
        }
        var (after, effects) = WorkRules.follow(
            before, DependencyRules.settled(changed, isBlocked: isBlocked), isByAgent: cause.isByAgent)
        guard after != before || !effects.isEmpty else { return old }
        try IssueRules.validate(after, names: names)
        try apply(effects, to: &after, cause, in: transaction)
        after = IssueRules.timed(after, since: before, at: cause.now)
        let stored = try issues.replace(old, before, with: after, in: transaction)
        if after.labelIDs != before.labelIDs { try labels.set(after, in: transaction) }
        for change in IssueRules.changes(before, after) {
            try history.add(
                IssueActivity(
                    id: Identifier.make("act", at: cause.now), issueID: old.id, action: change.action, actor: cause.actor,
                    details: HistoryWords.details(change) + suffix, field: change.field, from: change.from, to: change.to,
                    authoredVia: cause.via, createdAt: cause.now), workspace: cause.workspace, in: transaction)
        }
        try remember(cause, in: transaction)
        if !isQuiet { try emit("issue.updated", stored, after, cause, in: transaction) }
        if before.status.isEnded != after.status.isEnded { try settleDependents(of: old.id, cause, in: transaction) }
        return stored
    }

    /// Puts every issue that depends on one into the status that follows from where that now stands.
    func settleDependents(of id: String, _ cause: Cause, in transaction: Transaction) throws {
        for dependent in try links.dependents(of: id, workspace: cause.workspace, in: transaction) {
            try settle(dependent.id, cause, in: transaction)
        }
    }

    /// Puts an issue into the status that its dependencies leave it. The suite does so, not whoever changed what it depends on.
    func settle(_ id: String, _ cause: Cause, in transaction: Transaction) throws {
        guard let stored = try issues.find(id, workspace: cause.workspace, in: transaction) else { return }
        let suite = Cause(actor: .suite, workspace: cause.workspace, now: cause.now)
        try save(stored, as: try stored.model(), suite, in: transaction)
    }

    /// Removes an issue with all that hangs on it. What depended on it alone goes on; its sub-issues stay.
    func remove(_ old: Stored<Issue>, _ cause: Cause, in transaction: Transaction) throws {
        var issue = try old.model()
        if let work = issue.work { try apply([.stop(work)], to: &issue, cause, in: transaction) }
        let linked = try links.links(of: old.id, workspace: cause.workspace, in: transaction)
        for link in linked { try links.delete(link.id, workspace: cause.workspace, in: transaction) }
        for child in try issues.children(of: old.id, workspace: cause.workspace, in: transaction) {
            guard let stored = try issues.find(child, workspace: cause.workspace, in: transaction) else { continue }
            var orphan = try stored.model()
            orphan.parentID = nil
            try save(stored, as: orphan, cause, in: transaction)
        }
        try transaction.run("DELETE FROM issue_labels WHERE workspace_id = ? AND issue_id = ?", cause.workspace, old.id)
        try history.deleteAll(of: old.id, workspace: cause.workspace, in: transaction)
        try attachments.deleteAll(of: old.id, workspace: cause.workspace, in: transaction)
        try planning.forget(issue: old.id, workspace: cause.workspace, in: transaction)
        try work.forget(issue: old.id, workspace: cause.workspace, in: transaction)
        try issues.delete(old, in: transaction)
        try emit("issue.deleted", old, issue, cause, in: transaction)
        for link in linked where link.kind == .blocks && link.sourceID == old.id {
            try settle(link.targetID, cause, in: transaction)
        }
    }

    func emit(
        _ type: String, _ stored: Stored<Issue>, _ issue: Issue, _ cause: Cause, in transaction: Transaction
    ) throws {
        try environment.emit(
            type, stored, project: issue.projectID, workspace: cause.workspace, actor: cause.actor, in: transaction)
    }

    /// Keeps the name of whoever writes, for those who read it later.
    private func remember(_ cause: Cause, in transaction: Transaction) throws {
        guard cause.actor.type == .user, let name = cause.actor.name else { return }
        try known.keep(.user, id: cause.actor.id, slug: nil, name: name, workspace: cause.workspace, in: transaction)
    }
}
