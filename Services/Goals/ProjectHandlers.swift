import Models
import Service
import Storage

/// `/api/projects`: projects, as the workspace and plans surfaces share them.
struct ProjectHandlers: Sendable {
    /// As seed 004 says.
    static let limitDefault = 20
    static let limitMax = 200
    /// Pages that lie further back are reached by a cursor, which costs nothing more.
    static let offsetMax = 100_000

    let goals: GoalStore
    let projects: ProjectStore
    let ledger: GoalLedger
    let drafting: PlanDrafting

    func list(_ call: Call) async throws -> Reply<ProjectPage> {
        let filters = try filters(call)
        let order = try call.query.word("sort_by", as: ProjectOrder.self) ?? .newest
        let offset = try call.query.integer("offset", in: 0...ProjectHandlers.offsetMax) ?? 0
        var query = try call.page(
            filters: filters, order: [ProjectHandlers.order(order)], limit: ProjectHandlers.limitDefault,
            max: ProjectHandlers.limitMax)
        query.offset = offset
        let asked = query
        let page = try await call.read { reader in
            let page = try projects.list(asked, workspace: call.workspace, in: reader)
            return ProjectPage(
                projects: try page.items.map { try $0.model() },
                total: try projects.count(filters, workspace: call.workspace, in: reader), limit: asked.limit, offset: offset,
                statusCounts: try projects.statusCounts(workspace: call.workspace, in: reader), nextCursor: page.nextCursor)
        }
        return Reply(page)
    }

    /// The same list as a bare array, as the crews surface has its lists.
    func listOfCrews(_ call: Call) async throws -> Reply<[Project]> { Reply(try await list(call).value.projects) }

    func create(_ call: Call, body: CreateProject) async throws -> Created<Project> {
        let draft = try ProjectRules.make(
            body, id: Identifier.make("proj", at: call.now), workspace: call.workspace, by: call.actor, at: call.now)
        let project = try await resolve(draft, call)
        return try await call.write { transaction in
            var project = project
            if body.slug == nil {
                project.slug = try ProjectRules.uniqueSlug(project.slug) {
                    try projects.isTaken(slug: $0, workspace: call.workspace, in: transaction)
                }
            }
            return Created(try ledger.add(project, cause: cause(call), in: transaction), in: "/api/projects")
        }
    }

    func show(_ call: Call) async throws -> Found<Project> { Found(try await visible(call)) }

    func update(_ call: Call, body: UpdateProject) async throws -> Found<Project> {
        let seen = try await visible(call).model()
        let resolved = try await resolve(try ProjectRules.merge(body, into: seen), call)
        return try await call.write { transaction in
            let stored = try projects.project(seen.id, workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var project = try ProjectRules.merge(body, into: try stored.model())
            if !body.agentIDs.isAbsent { project.agentIDs = resolved.agentIDs }
            if !body.agentID.isAbsent { project.agentID = resolved.agentID }
            return Found(try ledger.save(stored, as: project, cause: cause(call), in: transaction))
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        let answer = try await call.write { transaction in
            let stored = try projects.project(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            try ledger.remove(stored, cause: cause(call), in: transaction)
            return NoContent()
        }
        await call.environment.outbox.settled(call.environment.outbox.last.value, by: [.tasks, .approvals])
        return answer
    }

    /// The agents of a project; one that is gone meanwhile is left out.
    func agents(_ call: Call) async throws -> Reply<ProjectAgents> {
        let project = try await visible(call).model()
        var agents: [Agent] = []
        for id in project.agentIDs + [project.agentID].compactMap({ $0 }).filter({ !project.agentIDs.contains($0) }) {
            do {
                agents.append(
                    try await call.environment.peers.get(.agents, "/agents-api/\(id)", workspace: call.workspace, as: Agent.self))
            } catch let error as ServiceError where error.kind == .notFound {
                continue
            }
        }
        return Reply(ProjectAgents(agents: agents))
    }

    /// What happened in a project, newest first.
    func logs(_ call: Call) async throws -> Listing<ProjectActivity> {
        let id = try await visible(call).id
        let query = try call.page(filters: [.equals("project_id", id)], order: [.descending("sequence")])
        return Listing(try await call.read { try projects.activity(query, workspace: call.workspace, in: $0) }, as: "logs")
    }
}

extension ProjectHandlers {
    private func cause(_ call: Call) -> Cause { Cause(actor: call.actor, workspace: call.workspace, now: call.now) }

    /// The project of the path, which an agent's token sees only when it is its own.
    private func visible(_ call: Call) async throws -> Stored<Project> {
        let stored = try await call.read { try projects.project(call.parameter("id"), workspace: call.workspace, in: $0) }
        if let run = call.principal.run, run.projectID != stored.id { throw ServiceError.notFound("project") }
        return stored
    }

    /// The project with the ids of its agents, which may have come as slugs.
    private func resolve(_ project: Project, _ call: Call) async throws -> Project {
        var project = project
        var ids: [String] = []
        for reference in project.agentIDs {
            let id = try await drafting.agent(reference, "agent_ids", workspace: call.workspace)
            if !ids.contains(id) { ids.append(id) }
        }
        project.agentIDs = ids
        project.agentID = try await optional(project.agentID) {
            try await drafting.agent($0, "agent_id", workspace: call.workspace)
        }
        return project
    }

    private func filters(_ call: Call) throws -> [Filter] {
        var filters: [Filter] = []
        // `all` clears the filter (seed 004).
        let words = call.query.list("status").filter { $0 != "all" }
        if !words.isEmpty {
            let statuses = try words.map { word in
                guard let status = ProjectStatus(rawValue: word) else {
                    let known = ProjectStatus.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ServiceError.invalid("status", "must be all or one of \(known)")
                }
                return status.rawValue
            }
            filters.append(.isIn("status", statuses))
        }
        if let text = call.query["search"], !text.isEmpty {
            filters.append(
                .sql("(instr(lower(d.name), lower(?)) > 0 OR instr(lower(d.description), lower(?)) > 0)", [text, text]))
        }
        return filters
    }

    private static func order(_ order: ProjectOrder) -> Order {
        switch order {
        case .newest: .descending("created_at")
        case .oldest: .ascending("created_at")
        case .updated: .descending("updated_at")
        case .name: .ascending("name")
        }
    }
}

/// The agents of a project.
struct ProjectAgents: Codable, Sendable {
    let agents: [Agent]
    var nextCursor: String?

    enum CodingKeys: String, CodingKey {
        case agents, nextCursor = "next_cursor"
    }

    /// All agents of a project fit one page, so `next_cursor` is always null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(agents, forKey: .agents)
        try container.encodeNil(forKey: .nextCursor)
    }
}
