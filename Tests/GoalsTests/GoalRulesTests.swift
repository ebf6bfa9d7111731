import Models
import Planner
import Testing

@testable import Goals

/// The rules of goals and of their plans, with values.
@Suite struct GoalRulesTests {
    static let now = Timestamp(milliseconds: 1_760_000_000_000)

    static func goal(_ status: GoalStatus) -> Goal {
        Goal(
            id: "goal_1", workspaceID: "default", title: "G", status: status, approvalID: "appr_1", createdAt: now, updatedAt: now
        )
    }

    @Test(arguments: GoalStatus.allCases)
    func onlyAPendingGoalIsApprovedOrDraftedAnew(status: GoalStatus) throws {
        let goal = Self.goal(status)
        if status == .pending {
            #expect(try GoalRules.approve(goal, hasTasks: true, at: Self.now).status == .running)
            #expect(try GoalRules.approve(goal, hasTasks: false, at: Self.now).status == .completed)
            try GoalRules.checkMayBeDecomposed(goal)
        } else {
            #expect(throws: ServiceError.self) { try GoalRules.approve(goal, hasTasks: true, at: Self.now) }
            #expect(throws: ServiceError.self) { try GoalRules.checkMayBeDecomposed(goal) }
        }
        if status == .completed || status == .cancelled {
            #expect(throws: ServiceError.self) { try GoalRules.cancel(goal) }
        } else {
            #expect(try GoalRules.cancel(goal).status == .cancelled)
        }
    }

    @Test(arguments: [
        ([TaskStatus.completed: 3], GoalStatus.completed), ([.completed: 2, .cancelled: 1], .completed),
        ([.cancelled: 2], .cancelled),
        ([.completed: 1, .failed: 1, .blocked: 2], .failed), ([.failed: 1, .running: 1], .running),
        ([.failed: 1, .ready: 1], .running),
        ([.blocked: 2, .queued: 1], .running), ([.interrupted: 1, .failed: 1], .running), ([.review: 1], .running),
    ])
    func aGoalStandsWhereItsTasksDo(counts: [TaskStatus: Int], expected: GoalStatus) {
        for status in [GoalStatus.running, .failed, .completed] {
            let after = GoalRules.progressed(Self.goal(status), counts, at: Self.now)
            #expect(after.status == expected)
            #expect((after.completedAt == nil) || expected == .completed)
            #expect(after.progress.total == counts.values.reduce(0, +))
        }
        #expect(GoalRules.progressed(Self.goal(.pending), counts, at: Self.now).status == .pending)
        #expect(GoalRules.progressed(Self.goal(.cancelled), counts, at: Self.now).status == .cancelled)
    }

    @Test func onlyTheApprovalOfTheCurrentPlanDecidesIt() throws {
        func approval(_ id: String, _ status: ApprovalStatus) -> Approval {
            Approval(
                id: id, workspaceID: "default", type: .plan, title: "P", status: status, createdAt: Self.now, updatedAt: Self.now)
        }
        func decide(_ approval: Approval, _ goal: Goal) throws -> GoalStatus? {
            try GoalRules.decided(approval, goal, hasTasks: true, at: Self.now)?.status
        }
        #expect(try decide(approval("appr_1", .approved), Self.goal(.pending)) == .running)
        #expect(try decide(approval("appr_1", .rejected), Self.goal(.pending)) == .cancelled)
        #expect(try decide(approval("appr_1", .expired), Self.goal(.pending)) == .cancelled)
        #expect(try decide(approval("appr_1", .cancelled), Self.goal(.pending)) == nil)
        #expect(try decide(approval("appr_0", .approved), Self.goal(.pending)) == nil)
        #expect(try decide(approval("appr_1", .approved), Self.goal(.cancelled)) == nil)
        #expect(try decide(approval("appr_1", .rejected), Self.goal(.running)) == nil)
    }

    static func agent(_ slug: String, skills: [String] = [], tools: [AgentTool] = [], enabled: Bool = true) -> Agent {
        Agent(
            id: Identifier.agent(slug: slug), workspaceID: "default", name: slug, slug: slug,
            model: AgentModel(provider: .runbook),
            skills: skills, tools: tools, enabled: enabled, createdAt: now, updatedAt: now)
    }

    static func choose(
        _ title: String, _ description: String = "", named: String? = nil, goal: String? = nil, project: String? = nil,
        team: [String] = []
    ) -> (id: String?, warning: String?) {
        let agents = [
            agent("writer", skills: ["technical-writing@1.0.0"]), agent("rusty", skills: ["rust-backend"], tools: [.cargo]),
            agent("sheller", tools: [.shell]), agent("gone", skills: ["testing"], enabled: false),
        ]
        let task = PlannedTask(key: "t1", title: title, description: description, agent: named, phase: "P")
        return PlanRules.agent(
            for: task, PlanRules.Team(agents: agents, goalAgent: goal, projectAgent: project, projectAgents: team))
    }

    @Test func theAgentOfATaskIsTheNamedElseTheGoalsElseTheProjectsElseTheBestMatch() {
        #expect(Self.choose("x", named: "rusty", goal: "agent_writer", project: "agent_sheller").id == "agent_rusty")
        #expect(Self.choose("x", goal: "agent_writer", project: "agent_sheller").id == "agent_writer")
        #expect(Self.choose("x", project: "agent_sheller").id == "agent_sheller")
        #expect(Self.choose("Port the backend to Rust").id == "agent_rusty")
        #expect(Self.choose("Writing of the manual").id == "agent_writer")
        #expect(Self.choose("Build", "```sh\nmake\n```").id == "agent_sheller")
        #expect(Self.choose("Build with cargo", team: ["agent_writer"]).id == nil)
        #expect(Self.choose("Testing").id == nil, "a disabled agent is not matched")
    }

    @Test func whatIsOddAboutAnAgentIsSaid() {
        let unknown = Self.choose("x", named: "bob", goal: "agent_writer")
        #expect(unknown.id == "agent_writer" && unknown.warning?.contains("@bob") == true)
        #expect(Self.choose("x", named: "gone").warning?.contains("disabled") == true)
        #expect(Self.choose("x").warning?.contains("no agent") == true)
        #expect(Self.choose("x", goal: "agent_writer").warning == nil)
    }

    @Test func aPlanBecomesDraftsWithIdsAndEdges() throws {
        let description = "## Build\n- [ ] Compile\n  ```sh\n  make\n  ```\n- [ ] Test (after: Compile)\n## Publish\n- [ ] Tag"
        let draft = try BuiltInPlanner.plan(title: "Release 1.2", description: description)
        var next = 0
        let team = PlanRules.Team(agents: [], goalAgent: "agent_a", projectAgent: nil, projectAgents: [])
        let (tasks, _) = PlanRules.tasks(of: draft, for: Self.goal(.pending), team: team, by: .suite, at: Self.now) {
            next += 1
            return "task_\(next)"
        }
        #expect(tasks.map(\.title) == ["Compile", "Test", "Tag"])
        #expect(tasks.map(\.dependsOn) == [[], ["task_1"], ["task_1", "task_2"]])
        #expect(tasks.map(\.position) == [0, 1, 2])
        #expect(tasks.allSatisfy { $0.status == .draft && $0.goalID == "goal_1" && $0.agentID == "agent_a" })
        #expect(tasks.map(\.phase) == ["Build", "Build", "Publish"])
    }
}
