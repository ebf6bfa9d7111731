import HTTP
import Models
import Service
import Storage

/// Start, stop, review, routines, runs, and many at once.
extension CrewIssueHandlers {
    /// Runs that are shown.
    private static let runsMax = 50
    /// Issues of one bulk update (seed 003).
    private static let bulkMax = 100

    func start(_ call: Call) async throws -> Reply<Lifecycle> {
        try await change(call) { issue, _ in
            if issue.status.isWork { throw ServiceError.conflict("the issue is started already", code: "already_started") }
            guard [.backlog, .todo, .waiting].contains(issue.status) else {
                throw CrewIssueHandlers.cannot("start", issue.status, from: [.backlog, .todo])
            }
            guard issue.assigneeID != nil else {
                throw ServiceError.invalid("assignee_id", "required: nobody is assigned who could start")
            }
            desk.move(&issue, to: .inProgress)
        }
    }

    func stop(_ call: Call) async throws -> Reply<Lifecycle> {
        try await change(call) { issue, _ in
            guard issue.status.isWork else { throw CrewIssueHandlers.cannot("stop", issue.status, from: [.inProgress, .review]) }
            desk.move(&issue, to: .cancelled)
        }
    }

    func review(_ call: Call, body: ReviewIssue) async throws -> Reply<Lifecycle> {
        let comment = try body.comment.flatMap { $0.isEmpty ? nil : try IssueRules.comment($0, "comment") }
        let reassigned = try await desk.references.assignee(body.reassignTo, workspace: call.workspace, field: "reassign_to")
        return try await call.write { transaction in
            let stored = try desk.issueOfCrew(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try stored.model()
            guard issue.status == .review else { throw CrewIssueHandlers.cannot("review", issue.status, from: [.review]) }
            if let reassigned { (issue.assigneeType, issue.assigneeID) = (reassigned.type, reassigned.id) }
            // First, so that whoever goes on with it reads why.
            if let comment {
                _ = try ledger.comment(comment, on: stored, call.cause, in: transaction)
                issue.commentsCount += 1
            }
            let current = try ledger.issues.get(stored.id, workspace: call.workspace, in: transaction)
            desk.move(&issue, to: body.action == .approve ? .done : .todo)
            let changed = try ledger.save(current, as: issue, call.cause, in: transaction).model()
            return Reply(Lifecycle(status: CrewTransitions.word(changed.status), identifier: changed.identifier))
        }
    }

    /// Makes the tasks of the issue's routine, one after the other, for its agent or the crew's lead.
    func runRoutine(_ call: Call, body: RunRoutine) async throws -> Reply<Lifecycle> {
        try await call.write { transaction in
            let stored = try desk.issueOfCrew(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try stored.model()
            guard let routineID = issue.routineID else {
                throw ServiceError.invalid("routine_id", "no routine is bound to the issue")
            }
            guard issue.work == nil else {
                throw ServiceError.conflict("an agent is at work on the issue", code: "already_started")
            }
            try CrewTransitions.check(issue.status, .inProgress)
            let routine = try PlanningStore.routines.get(routineID, workspace: call.workspace, in: transaction).model()
            var inputs = body.inputs ?? [:]
            if body.inputs == nil, case .object(let members) = issue.routineInputs { inputs = members }
            let templates = try RoutineRules.fill(routine, with: inputs)
            if issue.assigneeType != .agent || issue.assigneeID == nil {
                let lead = try desk.crew(call, in: transaction).model().leadAgentID
                guard let lead else { throw ServiceError.invalid("assignee_id", "required: the crew has no lead agent either") }
                (issue.assigneeType, issue.assigneeID) = (.agent, lead)
            }
            var tasks: [AgentTask] = []
            for template in templates {
                tasks.append(
                    ledger.task(
                        of: issue, title: template.title, description: template.description, after: tasks.last?.id, call.cause))
            }
            let isBlocked = try ledger.links.isBlocked(issue.id, workspace: call.workspace, in: transaction)
            if isBlocked {
                let blockers = try ledger.links.blockers(of: issue.id, workspace: call.workspace, in: transaction)
                try DependencyRules.check(.inProgress, blockers: blockers)
            }
            try ledger.request(tasks, for: &issue, call.cause, in: transaction)
            desk.move(&issue, to: .inProgress)
            let changed = try ledger.save(stored, as: issue, call.cause, in: transaction).model()
            return Reply(
                Lifecycle(
                    status: CrewTransitions.word(changed.status), identifier: changed.identifier, taskIDs: tasks.map(\.id)))
        }
    }

    func runs(_ call: Call) async throws -> BareList<Run> {
        try await call.read { reader in
            let issue = try desk.issueOfCrew(call, in: reader)
            return BareList(
                views: try ledger.work.runs(
                    of: issue.id, limit: CrewIssueHandlers.runsMax, workspace: call.workspace, in: reader))
        }
    }

    /// Changes many; those that cannot be changed so are passed over.
    func bulk(_ call: Call, body: BulkUpdate) async throws -> Reply<BulkUpdated> {
        guard (1...CrewIssueHandlers.bulkMax).contains(body.ids.count) else {
            throw ServiceError.invalid("ids", "must have 1 to \(CrewIssueHandlers.bulkMax) items")
        }
        let updates = body.updates
        let status = try updates.status.map { try CrewTransitions.status($0, "updates.status") }
        let assignee = try await desk.assignee(updates.assigneeType, updates.assigneeID, call)
        let project = try await desk.home(call, updates.projectID)
        return try await call.write { transaction in
            let labels = try updates.labels.map { try desk.labels($0, makes: false, call, in: transaction) }
            var changed: [String] = []
            for id in Set(body.ids).sorted() {
                guard let stored = try ledger.issues.find(id, workspace: call.workspace, in: transaction) else { continue }
                var issue = try stored.model()
                if let status {
                    guard CrewTransitions.isAllowed(issue.status, status) else { continue }
                    if CrewTransitions.shown(issue.status) != status { desk.move(&issue, to: status) }
                }
                if let priority = updates.priority { issue.priority = priority }
                if updates.assigneeID != nil { (issue.assigneeType, issue.assigneeID) = (assignee?.type, assignee?.id) }
                if updates.projectID != nil { issue.projectID = project }
                if let labels { issue.labelIDs = labels }
                do {
                    let saved = try ledger.save(
                        stored, as: issue, call.cause, suffix: " (bulk)", isQuiet: true, in: transaction)
                    if saved.version != stored.version { changed.append(id) }
                } catch let error as ServiceError where error.kind == .conflict || error.kind == .validation {
                    // What it depends on forbids it: one more that is passed over. Nothing of it was written.
                    continue
                }
            }
            if !changed.isEmpty { try tell(changed, call, in: transaction) }
            return Reply(BulkUpdated(updated: changed.count))
        }
    }

    private struct BulkEvent: Encodable {
        let count: Int
        let ids: [String]
    }

    private func tell(_ ids: [String], _ call: Call, in transaction: Transaction) throws {
        try call.environment.outbox.append(
            "issues.bulk_updated", subject: call.workspace, workspace: call.workspace, actor: call.actor, at: call.now,
            data: try DocumentCoding.encode(BulkEvent(count: ids.count, ids: ids)), in: transaction)
    }

    private static func cannot(_ verb: String, _ status: IssueStatus, from: [IssueStatus]) -> ServiceError {
        ServiceError(
            .validation,
            "cannot \(verb) an issue that is \(CrewTransitions.word(status)): only one that is "
                + from.map(CrewTransitions.word).joined(separator: " or "),
            code: "invalid_transition", field: "status")
    }

    private func change(
        _ call: Call, _ body: @escaping @Sendable (inout Issue, Transaction) throws -> Void
    ) async throws -> Reply<Lifecycle> {
        try await call.write { transaction in
            let stored = try desk.issueOfCrew(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try stored.model()
            try body(&issue, transaction)
            let changed = try ledger.save(stored, as: issue, call.cause, in: transaction).model()
            return Reply(Lifecycle(status: CrewTransitions.word(changed.status), identifier: changed.identifier))
        }
    }
}
