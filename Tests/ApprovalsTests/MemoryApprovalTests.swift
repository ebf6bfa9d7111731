import Approvals
import Identity
import Memory
import Models
import SuiteTesting
import Testing

/// Memories that wait for a human, in both queues: the memory service's own and that of all approvals, both real.
@Suite struct MemoryApprovalTests {
    static let agent = Principal.agent(
        name: "b",
        run: RunBinding(
            runID: "run_1", attempt: 1, agentID: "agent_b", taskID: "task_1", projectID: "proj_1", workspace: "default",
            memoryReadScopes: ["project"], memoryWriteScopes: ["project"]))

    static func bench() async throws -> TestBench {
        let agents = FakePeer(.agents)
        let goals = FakePeer(.goals)
        let now = WallClock.system.now()
        try agents.answer(
            "/agents-api/agent_b",
            Agent(
                id: "agent_b", workspaceID: "default", name: "b", slug: "b", model: AgentModel(provider: .runbook),
                createdAt: now,
                updatedAt: now))
        try goals.answer(
            "/api/projects/proj_1", Project(id: "proj_1", workspaceID: "default", slug: "p", createdAt: now, updatedAt: now))
        return try await TestBench([ApprovalsService.self, MemoryService.self], fakes: [.agents: agents, .goals: goals])
    }

    /// An agent that may not save by itself proposes something; gives the memory's own approval and that of the queue.
    static func propose(_ content: String, on bench: TestBench) async throws -> (memory: MemoryApproval, queued: Approval) {
        let proposed = try await bench.send(
            .memory, .post, "/memory-api", json: #"{"content":"\#(content)","scope":"project"}"#, as: agent)
        let memory = try proposed.decoded(MemoryApproval.self)
        struct Page: Decodable { let approvals: [Approval] }
        let list = try await bench.eventually(.approvals, "/approvals-api?type=memory&subject_id=\(memory.id)") {
            try !$0.decoded(Page.self).approvals.isEmpty
        }
        return (memory, try #require(try list.decoded(Page.self).approvals.first))
    }

    @Test func whatIsApprovedInTheQueueIsRemembered() async throws {
        let bench = try await Self.bench()
        let (memory, queued) = try await Self.propose("the build needs make", on: bench)
        #expect(queued.title == "Remember: the build needs make" && queued.requestedBy?.id == "agent_b")
        let path = "/memory-api/\(memory.memory.id)"
        #expect(try await bench.send(.memory, .get, path).status == 404)
        let decided = try await bench.send(.approvals, .post, "/approvals-api/\(queued.id)/approve", json: "{}")
        #expect(decided.status == 200)
        #expect(try await bench.eventually(.memory, path) { $0.status == 200 }.status == 200)
        let own = try await bench.send(.memory, .get, "/memory-api/approvals/\(memory.id)").decoded(MemoryApproval.self)
        #expect(own.status == .approved && own.decidedBy?.id == "user_test")
        await bench.stop()
    }

    @Test func whatIsRejectedInItsOwnQueueLeavesTheOther() async throws {
        let bench = try await Self.bench()
        let (memory, queued) = try await Self.propose("the moon is cheese", on: bench)
        let rejected = try await bench.send(
            .memory, .post, "/memory-api/approvals/\(memory.id)/reject", json: #"{"reason":"no"}"#)
        #expect(rejected.status == 200, "\(rejected.text)")
        let after = try await bench.eventually(.approvals, "/approvals-api/\(queued.id)") {
            try $0.decoded(Approval.self).status != .pending
        }
        #expect(try after.decoded(Approval.self).status == .rejected)
        #expect(try await bench.send(.approvals, .post, "/approvals-api/\(queued.id)/approve", json: "{}").status == 409)
        await bench.stop()
    }
}
