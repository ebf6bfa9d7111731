import Board
import HTTP
import Identity
import Models
import Service
import SuiteTesting
import Testing

/// The board service with peers that the test plays.
struct BoardBench {
    let bench: TestBench
    let goals = FakePeer(.goals)
    let runs = FakePeer(.runs)
    let agents = FakePeer(.agents)
    let tasks = FakePeer(.tasks)

    static let now = Timestamp(milliseconds: 1_760_000_000_000)

    init(folder: String? = nil, configure: (inout ServiceConfiguration) -> Void = { _ in }) async throws {
        bench = try await TestBench(
            [BoardService.self], fakes: [.goals: goals, .runs: runs, .agents: agents, .tasks: tasks], folder: folder,
            configure: configure)
        for (index, slug) in ["nexus", "apollo"].enumerated() {
            let project = Project(
                id: "proj_\(index + 1)", workspaceID: "default", name: slug, slug: slug, createdAt: Self.now, updatedAt: Self.now)
            try goals.answer("/api/projects/\(slug)", project)
            try goals.answer("/api/projects/\(project.id)", project)
        }
        for slug in ["alpha", "beta"] {
            let agent = Agent(
                id: Identifier.agent(slug: slug), workspaceID: "default", name: slug.capitalized, slug: slug,
                model: AgentModel(provider: .runbook), createdAt: Self.now, updatedAt: Self.now)
            try agents.emit("agent.created", agent.id, agent)
        }
        try await agents.consumed()
    }

    func send(
        _ method: HTTP.Method, _ target: String, _ json: String? = nil, headers: [(String, String)] = [],
        as principal: Principal? = TestBench.user(.manager)
    ) async throws -> TestAnswer {
        try await bench.send(.board, method, target, json: json, headers: headers, as: principal)
    }

    /// Makes something and gives its JSON.
    func make(_ target: String, _ json: String) async throws -> JSONValue {
        let answer = try await send(.post, target, json)
        try #require(answer.status == 201, "\(answer.text)")
        return try answer.json()
    }

    /// Makes an issue of the workspace surface and gives its id.
    func issue(_ title: String, _ members: String = "") async throws -> String {
        try #require(try await make("/api/issues", "{\"title\":\"\(title)\"\(members)}")["id"]?.string)
    }

    func status(_ id: String) async throws -> String? { try await send(.get, "/api/issues/\(id)").json()["status"]?.string }

    /// A crew with `alpha` as its lead; gives its id.
    func crew(_ name: String = "Engineering") async throws -> String {
        try #require(
            try await make("/api/v1/crews", "{\"name\":\"\(name)\",\"lead_agent_id\":\"alpha\"}")["id"]?.string)
    }

    /// The events that the board has told of, of some types.
    func events(_ types: String...) async throws -> [Event] {
        struct Page: Decodable { let events: [Event] }
        let answer = try await bench.send(.board, .get, "/internal/events?after=0&limit=500", as: Principal.service("test"))
        return try answer.decoded(Page.self).events.filter { types.isEmpty || types.contains($0.type) }
    }

    /// What the board asks an issue's agent to do, once it has.
    func requested(for issue: String) async throws -> IssueWorkRequest {
        let event = try #require(try await events("issue.work_requested").last { $0.subjectID == issue })
        return try event.data.decode(IssueWorkRequest.self)
    }

    /// Delivers a task's state and waits until it has had its effect.
    func report(_ task: AgentTask, _ status: TaskStatus, summary: String? = nil) async throws {
        var task = task
        task.status = status
        task.summary = summary
        if status == .failed { task.failure = Failure(.agentError, "block 1 of 1 exited 4: false") }
        try tasks.emit("task.updated", task.id, task)
        try await tasks.consumed()
    }

    static func agent(_ slug: String, task: String = "task_1", project: String? = "proj_1") -> Principal {
        Principal.agent(
            name: slug,
            run: RunBinding(
                runID: "run_1", attempt: 1, agentID: Identifier.agent(slug: slug), taskID: task, projectID: project,
                workspace: "default"))
    }
}
