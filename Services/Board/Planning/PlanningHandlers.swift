import Models
import Service
import Storage

/// A milestone with how far it is.
struct MilestoneView: Codable, Sendable {
    let milestone: Milestone
    let issueCount: Int
    let doneCount: Int

    private enum CodingKeys: String, CodingKey { case issueCount = "issue_count", doneCount = "done_count" }

    init(_ milestone: Milestone, _ counts: [IssueStatus: StatusCount]) {
        self.milestone = milestone
        issueCount = counts.values.reduce(0) { $0 + $1.issues }
        doneCount = [IssueStatus.done, .closed].reduce(0) { $0 + (counts[$1]?.issues ?? 0) }
    }

    init(from decoder: any Decoder) throws {
        milestone = try Milestone(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        issueCount = try container.decode(Int.self, forKey: .issueCount)
        doneCount = try container.decode(Int.self, forKey: .doneCount)
    }

    func encode(to encoder: any Encoder) throws {
        try milestone.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(issueCount, forKey: .issueCount)
        try container.encode(doneCount, forKey: .doneCount)
    }
}

/// `POST /api/v1/projects/{id}/milestones`.
struct CreateMilestone: Codable, Sendable {
    var name: String
    var description: String?
    var targetDate: String?
    var status: Milestone.Status?
    var position: Double?

    enum CodingKeys: String, CodingKey { case name, description, targetDate = "target_date", status, position }
}

/// `PATCH /api/v1/milestones/{id}`.
struct UpdateMilestone: Codable, Sendable {
    var name: Field<String>
    var description: Field<String>
    var targetDate: Field<String>
    var status: Field<Milestone.Status>
    var position: Field<Double>

    enum CodingKeys: String, CodingKey { case name, description, targetDate = "target_date", status, position }
}

/// `POST /api/v1/routines`.
struct CreateRoutine: Codable, Sendable {
    struct Input: Codable, Sendable {
        var name: String
        var required: Bool?
    }

    struct Template: Codable, Sendable {
        var title: String
        var description: String?
    }

    var name: String
    var description: String?
    var inputs: [Input]?
    var tasks: [Template]
}

/// `PATCH /api/v1/routines/{id}`.
struct UpdateRoutine: Codable, Sendable {
    var name: Field<String>
    var description: Field<String>
    var inputs: Field<[CreateRoutine.Input]>
    var tasks: Field<[CreateRoutine.Template]>
}

/// How the issues of a project stand.
struct ProjectStats: Codable, Sendable {
    let projectID: String
    let issueCount: Int
    let doneCount: Int
    let openCount: Int
    /// In the words of the crews surface.
    let byStatus: [String: Int]
    let estimate: Int
    let estimateDone: Int
    /// What is done, from 0 to 100.
    let progressPercent: Int

    enum CodingKeys: String, CodingKey {
        case projectID = "project_id", issueCount = "issue_count", doneCount = "done_count", openCount = "open_count"
        case byStatus = "by_status", estimate, estimateDone = "estimate_done", progressPercent = "progress_percent"
    }

    init(_ project: String, _ counts: [IssueStatus: StatusCount]) {
        projectID = project
        let done = [IssueStatus.done, .closed].compactMap { counts[$0] }
        issueCount = counts.values.reduce(0) { $0 + $1.issues }
        doneCount = done.reduce(0) { $0 + $1.issues }
        openCount = counts.filter { !$0.key.isEnded }.values.reduce(0) { $0 + $1.issues }
        var words: [String: Int] = [:]
        for status in CrewTransitions.words { words[CrewTransitions.word(status)] = 0 }
        for (status, count) in counts { words[CrewTransitions.word(status), default: 0] += count.issues }
        byStatus = words
        estimate = counts.values.reduce(0) { $0 + $1.estimate }
        estimateDone = done.reduce(0) { $0 + $1.estimate }
        progressPercent = issueCount == 0 ? 0 : doneCount * 100 / issueCount
    }
}

/// Milestones and routines, and how a project's issues stand.
struct PlanningHandlers: Sendable {
    let desk: IssueDesk

    private var ledger: IssueLedger { desk.ledger }

    func milestones(_ call: Call) async throws -> BareList<MilestoneView> {
        let project = try await desk.references.projectInPath(call.parameter("projectId"), workspace: call.workspace)
        return try await call.read { reader in
            let query = ListQuery(
                filters: [.equals("project_id", project)], order: [.ascending("position"), .ascending("id")],
                limit: ListQuery.limitMax)
            let page = try PlanningStore.milestones.list(query, workspace: call.workspace, in: reader)
            return BareList(views: try page.items.map { try view(try $0.model(), in: reader) })
        }
    }

    func createMilestone(_ call: Call, body: CreateMilestone) async throws -> CreatedReply<MilestoneView> {
        let project = try await desk.references.projectInPath(call.parameter("projectId"), workspace: call.workspace)
        return try await call.write { transaction in
            let last = try transaction.one(
                "SELECT max(position) FROM milestones WHERE workspace_id = ? AND project_id = ?", call.workspace, project
            ) { $0.double(0) }
            let milestone = Milestone(
                id: Identifier.make("milestone", at: call.now), workspaceID: call.workspace, projectID: project, name: body.name,
                description: body.description ?? "", targetDate: body.targetDate, status: body.status ?? .planned,
                position: body.position ?? (last ?? 0) + 1, createdAt: call.now, updatedAt: call.now)
            try PlanningHandlers.validate(milestone)
            let stored = try PlanningStore.milestones.insert(milestone, workspace: call.workspace, at: call.now, in: transaction)
            try call.emit("milestone.created", stored, project: project, in: transaction)
            return CreatedReply(try view(milestone, in: transaction), at: "/api/v1/milestones/\(milestone.id)")
        }
    }

    func updateMilestone(_ call: Call, body: UpdateMilestone) async throws -> Shown<MilestoneView> {
        try await call.write { transaction in
            let stored = try PlanningStore.milestones.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var milestone = try stored.model()
            milestone.name = try body.name.applied(to: milestone.name, field: "name")
            milestone.description = body.description.applied(to: milestone.description) ?? ""
            milestone.targetDate = body.targetDate.applied(to: milestone.targetDate).flatMap { $0.isEmpty ? nil : $0 }
            milestone.status = body.status.applied(to: milestone.status) ?? .planned
            milestone.position = try body.position.applied(to: milestone.position, field: "position")
            try PlanningHandlers.validate(milestone)
            milestone.updatedAt = call.now
            let changed = try PlanningStore.milestones.replace(stored, with: milestone, at: call.now, in: transaction)
            try call.emit("milestone.updated", changed, project: milestone.projectID, in: transaction)
            return Shown(try view(milestone, in: transaction), of: changed)
        }
    }

    func deleteMilestone(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try PlanningStore.milestones.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try unlink("milestone_id", stored.id, call, in: transaction) { $0.milestoneID = nil }
            try PlanningStore.milestones.delete(stored.id, workspace: call.workspace, in: transaction)
            try call.emit("milestone.deleted", stored, project: try stored.model().projectID, in: transaction)
            return NoContent()
        }
    }

    func stats(_ call: Call) async throws -> Reply<ProjectStats> {
        let project = try await desk.references.projectInPath(call.parameter("projectId"), workspace: call.workspace)
        return try await call.read { reader in
            Reply(ProjectStats(project, try ledger.issues.counts(.project(project), workspace: call.workspace, in: reader)))
        }
    }

    private func view(_ milestone: Milestone, in reader: any SQLReader) throws -> MilestoneView {
        MilestoneView(
            milestone, try ledger.issues.counts(.milestone(milestone.id), workspace: milestone.workspaceID, in: reader))
    }

    /// Takes what is about to go out of the issues that name it.
    private func unlink(
        _ column: StaticString, _ id: String, _ call: Call, in transaction: Transaction, _ clear: (inout Issue) -> Void
    ) throws {
        for issue in try ledger.planning.issues(column, is: id, workspace: call.workspace, in: transaction) {
            guard let stored = try ledger.issues.find(issue, workspace: call.workspace, in: transaction) else { continue }
            var changed = try stored.model()
            clear(&changed)
            try ledger.save(stored, as: changed, call.cause, in: transaction)
        }
    }

    private static func validate(_ milestone: Milestone) throws(ServiceError) {
        try Check.name(milestone.name)
        try Check.text(milestone.description, "description")
        if let date = milestone.targetDate { try IssueRules.checkDate(date, "target_date") }
        guard milestone.position.isFinite else { throw .invalid("position", "must be a number") }
    }
}

extension PlanningHandlers {
    func routines(_ call: Call) async throws -> BareList<Routine> {
        try await call.read { reader in
            let query = ListQuery(order: [.ascending("name")], limit: ListQuery.limitMax)
            return BareList(
                views: try PlanningStore.routines.list(query, workspace: call.workspace, in: reader).items.map { try $0.model() })
        }
    }

    func routine(_ call: Call) async throws -> Found<Routine> {
        Found(
            try await call.read { try PlanningStore.routines.get(call.parameter("id"), workspace: call.workspace, in: $0) })
    }

    func createRoutine(_ call: Call, body: CreateRoutine) async throws -> Created<Routine> {
        let routine = Routine(
            id: Identifier.make("routine", at: call.now), workspaceID: call.workspace, name: body.name,
            description: body.description ?? "", inputs: Self.inputs(body.inputs ?? []), tasks: Self.templates(body.tasks),
            createdAt: call.now, updatedAt: call.now)
        try RoutineRules.validate(routine)
        return try await call.write { transaction in
            let stored = try PlanningStore.routines.insert(routine, workspace: call.workspace, at: call.now, in: transaction)
            try call.emit("routine.created", stored, in: transaction)
            return Created(stored, in: "/api/v1/routines")
        }
    }

    func updateRoutine(_ call: Call, body: UpdateRoutine) async throws -> Found<Routine> {
        try await call.write { transaction in
            let stored = try PlanningStore.routines.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var routine = try stored.model()
            routine.name = try body.name.applied(to: routine.name, field: "name")
            routine.description = body.description.applied(to: routine.description) ?? ""
            if !body.inputs.isAbsent { routine.inputs = Self.inputs(body.inputs.applied(to: nil) ?? []) }
            if !body.tasks.isAbsent { routine.tasks = Self.templates(body.tasks.applied(to: nil) ?? []) }
            try RoutineRules.validate(routine)
            routine.updatedAt = call.now
            let changed = try PlanningStore.routines.replace(stored, with: routine, at: call.now, in: transaction)
            try call.emit("routine.updated", changed, in: transaction)
            return Found(changed)
        }
    }

    /// Issues that are bound to it are bound to none.
    func deleteRoutine(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try PlanningStore.routines.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try unlink("routine_id", stored.id, call, in: transaction) {
                $0.routineID = nil
                $0.routineInputs = nil
            }
            try PlanningStore.routines.delete(stored.id, workspace: call.workspace, in: transaction)
            try call.emit("routine.deleted", stored, in: transaction)
            return NoContent()
        }
    }

    private static func inputs(_ inputs: [CreateRoutine.Input]) -> [Routine.Input] {
        inputs.map { Routine.Input(name: $0.name, required: $0.required ?? false) }
    }

    private static func templates(_ tasks: [CreateRoutine.Template]) -> [Routine.Template] {
        tasks.map { Routine.Template(title: $0.title, description: $0.description ?? "") }
    }
}
