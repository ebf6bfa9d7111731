import Agents
import Approvals
import Goals
import HTTP
import Identity
import Models
import SuiteTesting
import Tasks
import Testing

/// Agents, goals, tasks and approvals for real and wired to each other; runs and the board are played by the test.
struct GoalsBench {
    let bench: TestBench
    let runs = FakePeer(.runs)

    static let description =
        #"## Build\n- [ ] Compile\n  ```sh\n  make\n  ```\n- [ ] Test (after: Compile)\n## Publish\n- [ ] Tag"#

    init() async throws {
        bench = try await TestBench(
            [AgentsService.self, GoalsService.self, TasksService.self, ApprovalsService.self],
            fakes: [.runs: runs, .board: FakePeer(.board), .memory: FakePeer(.memory), .skills: FakePeer(.skills)])
        // A consumer is waited for once it has asked for the first time.
        try await agent("builder")
        let project = try await send(.goals, .post, "/api/projects", #"{"name":"Nexus"}"#)
        try #require(project.status == 201, "\(project.text)")
        _ = try await bench.eventually(.tasks, "/api/projects/nexus/tasks") { $0.status == 200 }
        _ = try await plan(#""title":"warm up""#)
        _ = try await bench.eventually(.approvals, "/approvals-api") { try $0.decoded(ApprovalPage.self).approvals.count == 1 }
        _ = try await bench.eventually(.tasks, "/tasks-api") { try $0.decoded(TaskPage.self).tasks.count == 1 }
    }

    struct ApprovalPage: Decodable { let approvals: [Approval] }
    struct TaskPage: Decodable { let tasks: [AgentTask] }

    func agent(_ slug: String) async throws {
        let answer = try await send(.agents, .post, "/agents-api", #"{"name":"\#(slug)","model":{"provider":"runbook"}}"#)
        try #require(answer.status == 201, "\(answer.text)")
    }

    func send(
        _ service: ServiceName, _ method: HTTP.Method, _ target: String, _ json: String? = nil,
        as principal: Principal? = TestBench.user(.manager)
    ) async throws -> TestAnswer {
        try await bench.send(service, method, target, json: json, as: principal)
    }

    /// Posts a goal for the agent `builder` and gives what was drafted.
    func plan(_ members: String) async throws -> GoalPlan {
        let answer = try await send(.goals, .post, "/goals-api", #"{"agent_id":"builder",\#(members)}"#)
        try #require(answer.status == 201, "\(answer.text)")
        return try answer.decoded(GoalPlan.self)
    }

    func release() async throws -> GoalPlan {
        try await plan(#""title":"Release 1.2","project_id":"nexus","description":"\#(GoalsBench.description)""#)
    }

    func goal(_ id: String) async throws -> Goal { try await send(.goals, .get, "/goals-api/\(id)").decoded(Goal.self) }

    func tasks(of goal: String) async throws -> [AgentTask] {
        try await send(.goals, .get, "/goals-api/\(goal)/tasks").decoded(TaskPage.self).tasks
    }

    func statuses(of goal: String) async throws -> [TaskStatus] { try await tasks(of: goal).map(\.status) }

    func approval(_ id: String?) async throws -> Approval {
        try await send(.approvals, .get, "/approvals-api/\(id ?? "")").decoded(Approval.self)
    }

    /// Plays a run of a task to its outcome.
    func run(_ task: AgentTask, _ id: String, _ outcome: RunStatus) async throws {
        let now = WallClock.system.now()
        for (type, status) in [("run.queued", RunStatus.queued), ("run.started", .running), ("run.finished", outcome)] {
            try runs.emit(
                type, id,
                Run(
                    id: id, workspaceID: "default", taskID: task.id, agentID: "agent_builder", status: status, createdAt: now,
                    updatedAt: now))
        }
        try await runs.consumed()
    }
}
