import Approvals
import HTTP
import Identity
import Models
import SuiteTesting
import Synchronization
import Testing

/// Approvals through their router.
@Suite struct ApprovalRoutesTests {
    struct Bench {
        let bench: TestBench
        let goals = FakePeer(.goals)

        init(clock: WallClock = .system) async throws {
            let agents = FakePeer(.agents)
            bench = try await TestBench([ApprovalsService.self], fakes: [.goals: goals, .agents: agents], clock: clock)
            let now = WallClock.system.now()
            let project = Project(id: "proj_1", workspaceID: "default", slug: "nexus", createdAt: now, updatedAt: now)
            for reference in ["proj_1", "nexus"] { try goals.answer("/api/projects/\(reference)", project) }
            let agent = Agent(
                id: "agent_alpha", workspaceID: "default", name: "alpha", slug: "alpha", model: AgentModel(provider: .runbook),
                createdAt: now, updatedAt: now)
            for reference in ["agent_alpha", "alpha"] { try agents.answer("/agents-api/\(reference)", agent) }
        }

        func send(
            _ method: HTTP.Method, _ path: String, _ json: String? = nil, headers: [(String, String)] = [],
            as principal: Principal? = TestBench.user(.manager)
        ) async throws -> TestAnswer {
            try await bench.send(.approvals, method, "/approvals-api\(path)", json: json, headers: headers, as: principal)
        }

        func ask(_ json: String, as principal: Principal = TestBench.user(.manager)) async throws -> Approval {
            let answer = try await send(.post, "", json, as: principal)
            try #require(answer.status == 201, "\(answer.text)")
            return try answer.decoded(Approval.self)
        }
    }

    static func agent(_ id: String = "agent_alpha") -> Principal {
        Principal.agent(
            name: id,
            run: RunBinding(runID: "run_1", attempt: 1, agentID: id, taskID: "task_1", projectID: "proj_1", workspace: "default"))
    }

    struct Page: Decodable { let approvals: [Approval] }

    @Test func anApprovalIsDecidedOnce() async throws {
        let bench = try await Bench()
        let asked = try await bench.ask(#"{"type":"action","title":"Deploy?","project_id":"nexus","detail":"now"}"#)
        #expect(asked.status == .pending && asked.projectID == "proj_1" && asked.requestedBy?.id == "user_test")
        let approved = try await bench.send(.post, "/\(asked.id)/approve", #"{"comment":"fine"}"#)
        let after = try approved.decoded(Approval.self)
        #expect(after.status == .approved && after.decision?.comment == "fine" && after.decision?.by.id == "user_test")
        #expect(try await bench.send(.post, "/\(asked.id)/approve").status == 409)
        #expect(try await bench.send(.post, "/\(asked.id)/reject", #"{"reason":"x"}"#).status == 409)
        let other = try await bench.ask(#"{"type":"action","title":"Again?"}"#)
        for body in ["{}", #"{"reason":" "}"#, #"{"reason":5}"#] {
            let answer = try await bench.send(.post, "/\(other.id)/reject", body)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == "reason")
        }
        #expect(try await bench.send(.post, "/\(other.id)/approve").status == 200, "a comment is not required")
        #expect(try await bench.send(.post, "/appr_none/approve").status == 404)
        await bench.bench.stop()
    }

    @Test func listsFilter() async throws {
        let bench = try await Bench()
        let first = try await bench.ask(#"{"type":"action","title":"a","project_id":"nexus"}"#)
        _ = try await bench.ask(#"{"type":"other","title":"b","subject_type":"thing","subject_id":"thing_1"}"#)
        _ = try await bench.send(.post, "/\(first.id)/approve")
        func titles(_ query: String) async throws -> [String] {
            try await bench.send(.get, "?\(query)").decoded(Page.self).approvals.map(\.title)
        }
        #expect(try await titles("") == ["b", "a"])
        #expect(try await titles("status=pending") == ["b"])
        #expect(try await titles("status=approved,rejected") == ["a"])
        #expect(try await titles("type=other") == ["b"])
        #expect(try await titles("project_id=nexus") == ["a"])
        #expect(try await titles("subject_id=thing_1") == ["b"])
        #expect(try await bench.send(.get, "?type=odd").status == 400)
        await bench.bench.stop()
    }

    @Test func anAgentAsksAndReadsItsOwnButNeverDecides() async throws {
        let bench = try await Bench()
        let asked = try await bench.ask(#"{"type":"permission","title":"Merge?"}"#, as: Self.agent())
        #expect(asked.requestedBy?.id == "agent_alpha" && asked.projectID == "proj_1" && asked.subjectID == "run_1")
        let foreign = try await bench.ask(#"{"type":"other","title":"b"}"#)
        #expect(try await bench.send(.get, "/\(asked.id)", as: Self.agent()).status == 200)
        #expect(try await bench.send(.get, "/\(foreign.id)", as: Self.agent()).status == 404)
        #expect(try await bench.send(.get, "", as: Self.agent()).decoded(Page.self).approvals.map(\.id) == [asked.id])
        #expect(try await bench.send(.get, "", as: Self.agent("agent_beta")).decoded(Page.self).approvals.isEmpty)
        #expect(try await bench.send(.post, "/\(asked.id)/approve", as: Self.agent()).status == 403)
        let elsewhere = try await bench.send(
            .post, "", #"{"type":"permission","title":"x","project_id":"proj_2"}"#, as: Self.agent())
        #expect(elsewhere.status == 400)
        #expect(try await bench.send(.post, "/\(asked.id)/approve", as: TestBench.user(.editor)).status == 403)
        await bench.bench.stop()
    }

    @Test func aPolicyDecidesAtOnceAndIsNamed() async throws {
        let bench = try await Bench()
        let made = try await bench.send(.post, "/policies", #"{"type":"permission","agent_id":"alpha","action":"auto_approve"}"#)
        #expect(made.status == 201)
        let policy = try made.decoded(ApprovalPolicy.self)
        #expect(policy.agentID == "agent_alpha")
        let asked = try await bench.ask(#"{"type":"permission","title":"Merge?"}"#, as: Self.agent())
        #expect(asked.status == .approved && asked.decision?.by == .suite)
        #expect(asked.decision?.comment?.contains(policy.id) == true)
        #expect(try await bench.ask(#"{"type":"permission","title":"by a person"}"#).status == .pending)
        #expect(try await bench.send(.post, "/policies", #"{"type":"plan","action":"odd"}"#).status == 400)
        #expect(
            try await bench.send(.post, "/policies", #"{"type":"plan","project_id":"x","action":"auto_reject"}"#).status == 400)
        #expect(try await bench.send(.delete, "/policies/\(policy.id)").status == 204)
        #expect(try await bench.send(.delete, "/policies/\(policy.id)").status == 404)
        #expect(try await bench.ask(#"{"type":"permission","title":"Merge?"}"#, as: Self.agent()).status == .pending)
        await bench.bench.stop()
    }

    @Test func whatNobodyDecidesExpiresByItsRule() async throws {
        let now = Mutex(Timestamp(milliseconds: 1_760_000_000_000))
        let bench = try await Bench(clock: WallClock { now.withLock { $0 } })
        let soon = now.withLock { $0.adding(seconds: 600).rfc3339 }
        let rejected = try await bench.ask(#"{"type":"action","title":"a","expires_at":"\#(soon)"}"#)
        let approved = try await bench.ask(#"{"type":"action","title":"b","expires_at":"\#(soon)","on_expiry":"approve"}"#)
        now.withLock { $0 = $0.adding(seconds: 601) }
        // Whatever is added wakes the timer, which otherwise waits by the real clock.
        _ = try await bench.ask(#"{"type":"action","title":"later"}"#)
        for (id, status) in [(rejected.id, ApprovalStatus.expired), (approved.id, .approved)] {
            let after = try await bench.bench.eventually(.approvals, "/approvals-api/\(id)") {
                try $0.decoded(Approval.self).status != .pending
            }
            #expect(try after.decoded(Approval.self).status == status)
        }
        let past = try await bench.send(.post, "", #"{"type":"action","title":"c","expires_at":"2020-01-01T00:00:00Z"}"#)
        #expect(past.status == 400)
        await bench.bench.stop()
    }

    @Test func commentsAreKeptInOrder() async throws {
        let bench = try await Bench()
        let asked = try await bench.ask(#"{"type":"action","title":"a"}"#)
        let made = try await bench.send(.post, "/\(asked.id)/comments", #"{"content":"why?"}"#)
        #expect(made.status == 201)
        #expect(try await bench.send(.post, "/\(asked.id)/comments", #"{"content":""}"#).status == 400)
        struct Comments: Decodable { let comments: [ApprovalComment] }
        let list = try await bench.send(.get, "/\(asked.id)/comments").decoded(Comments.self)
        #expect(list.comments.map(\.content) == ["why?"])
        #expect(try await bench.send(.get, "/appr_none/comments").status == 404)
        await bench.bench.stop()
    }

    @Test func theStreamResumesWithoutGapOrRepeatAndEndsWithAnEvent() async throws {
        let bench = try await Bench()
        let asked = try await bench.ask(#"{"type":"action","title":"a"}"#)
        let whole = Task { try await bench.send(.get, "/stream?after=0", as: TestBench.user(.viewer)).text }
        _ = try await bench.send(.post, "/\(asked.id)/approve")
        let elsewhere = Task {
            try await bench.send(.get, "/stream?after=0", as: TestBench.user(.viewer, workspace: "other")).text
        }
        let resumed = Task { try await bench.send(.get, "/stream", headers: [("last-event-id", "1")]).text }
        // Both events are committed; the drain lets each stream deliver them before it ends.
        await bench.bench.hosts[.approvals]?.service.drain(within: .seconds(1))
        let all = try await whole.value
        let names = all.split(separator: "\n").filter { $0.hasPrefix("event:") || $0.hasPrefix("id:") }
        #expect(names == ["id: 1", "event: approval.created", "id: 2", "event: approval.decided", "event: end"], "\(all)")
        #expect(all.contains(#""status":"approved""#))
        let rest = try await resumed.value
        #expect(!rest.contains("approval.created") && rest.contains("approval.decided"))
        #expect(try await !elsewhere.value.contains("approval."))
        #expect(try await bench.send(.get, "/stream", headers: [("last-event-id", "x")]).status == 400)
        await bench.bench.stop()
    }
}
