import HTTP
import Identity
import Models
import SuiteTesting
import Tasks
import Testing

/// The tasks service with peers that the test plays.
struct TasksBench {
    let bench: TestBench
    let goals = FakePeer(.goals)
    let runs = FakePeer(.runs)
    let agents = FakePeer(.agents)
    let board = FakePeer(.board)

    init() async throws {
        bench = try await TestBench(
            [TasksService.self], fakes: [.goals: goals, .runs: runs, .agents: agents, .board: board])
        for slug in ["alpha", "beta"] {
            let agent = TasksBench.agent(slug)
            try agents.answer("/agents-api/\(agent.id)", agent)
            try agents.answer("/agents-api/\(slug)", agent)
        }
        try goals.answer("/api/projects/proj_1", TasksBench.project)
        try goals.answer("/api/projects/nexus", TasksBench.project)
    }

    static let now = Timestamp(milliseconds: 1_760_000_000_000)
    static let project = Project(
        id: "proj_1", workspaceID: "default", name: "Nexus", slug: "nexus", createdAt: now, updatedAt: now)

    static func agent(_ slug: String, review: ReviewPolicy = .none) -> Agent {
        Agent(
            id: Identifier.agent(slug: slug), workspaceID: "default", name: slug, slug: slug,
            model: AgentModel(provider: .runbook),
            review: review, createdAt: now, updatedAt: now)
    }

    func send(
        _ method: HTTP.Method, _ target: String, _ json: String? = nil, headers: [(String, String)] = [],
        as principal: Principal? = TestBench.user(.editor)
    ) async throws -> TestAnswer {
        try await bench.send(.tasks, method, target, json: json, headers: headers, as: principal)
    }

    /// Makes a task and gives it.
    func make(_ json: String) async throws -> AgentTask {
        let answer = try await send(.post, "/tasks-api", json)
        try #require(answer.status == 201, "\(answer.text)")
        return try answer.decoded(AgentTask.self)
    }

    func task(_ id: String) async throws -> AgentTask { try await send(.get, "/tasks-api/\(id)").decoded(AgentTask.self) }

    /// Delivers a run's report and waits until it has had its effect.
    func report(_ type: String, _ run: Run) async throws {
        try runs.emit(type, run.id, run)
        try await runs.consumed()
    }

    /// Runs a task to an outcome.
    func run(_ task: AgentTask, _ id: String, _ outcome: RunStatus, at milliseconds: Int64 = 0) async throws {
        for (type, status) in [("run.queued", RunStatus.queued), ("run.started", .running), ("run.finished", outcome)] {
            try runs.emit(type, id, TasksBench.makeRun(id, task.id, status, at: milliseconds))
        }
        try await runs.consumed()
    }

    static func makeRun(_ id: String, _ task: String, _ status: RunStatus, at milliseconds: Int64 = 0) -> Run {
        let time = Timestamp(milliseconds: now.milliseconds + milliseconds)
        return Run(
            id: id, workspaceID: "default", taskID: task, agentID: "agent_alpha", status: status, branch: "nexus/\(id)",
            summary: "did it", createdAt: time, updatedAt: time)
    }

    /// The events that the tasks service has told of, of some types.
    func events(_ types: String..., after: Int64 = 0) async throws -> [Event] {
        struct Page: Decodable { let events: [Event] }
        let answer = try await bench.send(
            .tasks, .get, "/internal/events?after=\(after)&limit=500", as: Principal.service("test"))
        return try answer.decoded(Page.self).events.filter { types.isEmpty || types.contains($0.type) }
    }
}
