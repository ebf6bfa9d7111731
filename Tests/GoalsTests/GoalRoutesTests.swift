import Models
import SuiteTesting
import Testing

/// Goals through their router, with the real tasks and approvals services behind them.
@Suite struct GoalRoutesTests {
    @Test func theSeedsExampleDraftsAPlanThatWaitsForApproval() async throws {
        let bench = try await GoalsBench()
        let answer = try await bench.send(
            .goals, .post, "/goals-api", #"{ "project_id": "nexus", "title": "Build authentication system" }"#)
        #expect(answer.status == 201)
        let plan = try answer.decoded(GoalPlan.self)
        #expect(answer.header("location") == "/goals-api/\(plan.goal.id)")
        #expect(plan.goal.status == .pending && plan.goal.projectID?.hasPrefix("proj_") == true)
        #expect(plan.tasks.map(\.title) == ["Build authentication system"])
        #expect(plan.tasks.allSatisfy { $0.status == .draft })
        #expect(plan.goal.warnings.contains { $0.contains("no agent") })
        #expect(try await bench.statuses(of: plan.goal.id) == [.draft], "the tasks can be read at once")
        let approval = try await bench.approval(plan.goal.approvalID)
        #expect(approval.type == .plan && approval.status == .pending && approval.subjectID == plan.goal.id)
        await bench.bench.stop()
    }

    @Test func approvingAGoalReleasesItsPlanAndItsApproval() async throws {
        let bench = try await GoalsBench()
        let plan = try await bench.release()
        #expect(plan.tasks.map(\.title) == ["Compile", "Test", "Tag"])
        let answer = try await bench.send(.goals, .post, "/goals-api/\(plan.goal.id)/approve")
        #expect(try answer.decoded(Goal.self).status == .running)
        #expect(try await bench.statuses(of: plan.goal.id) == [.ready, .blocked, .blocked])
        #expect(try await bench.approval(plan.goal.approvalID).status == .approved)
        #expect(try await bench.send(.goals, .post, "/goals-api/\(plan.goal.id)/approve").status == 409)
        #expect(try await bench.send(.goals, .post, "/goals-api/\(plan.goal.id)/decompose").status == 409)
        await bench.bench.stop()
    }

    @Test func approvingTheApprovalReleasesThePlanBeforeItAnswers() async throws {
        let bench = try await GoalsBench()
        let plan = try await bench.release()
        let id = try #require(plan.goal.approvalID)
        let answer = try await bench.send(.approvals, .post, "/approvals-api/\(id)/approve", #"{"comment":"go"}"#)
        #expect(answer.status == 200)
        #expect(try await bench.goal(plan.goal.id).status == .running)
        #expect(try await bench.statuses(of: plan.goal.id) == [.ready, .blocked, .blocked])
        let again = try await bench.send(.approvals, .post, "/approvals-api/\(id)/reject", #"{"reason":"no"}"#)
        #expect(again.status == 409)
        await bench.bench.stop()
    }

    @Test func rejectingTheApprovalCancelsTheDrafts() async throws {
        let bench = try await GoalsBench()
        let plan = try await bench.release()
        let id = try #require(plan.goal.approvalID)
        #expect(try await bench.send(.approvals, .post, "/approvals-api/\(id)/reject", "{}").status == 400)
        #expect(try await bench.send(.approvals, .post, "/approvals-api/\(id)/reject", #"{"reason":"too big"}"#).status == 200)
        #expect(try await bench.goal(plan.goal.id).status == .cancelled)
        #expect(try await bench.statuses(of: plan.goal.id) == [.cancelled, .cancelled, .cancelled])
        await bench.bench.stop()
    }

    @Test func aGoalFollowsItsTasksToItsEnd() async throws {
        let bench = try await GoalsBench()
        let plan = try await bench.release()
        _ = try await bench.send(.goals, .post, "/goals-api/\(plan.goal.id)/approve")
        try await bench.run(plan.tasks[0], "run_1", .failed)
        let failed = try await bench.bench.eventually(.goals, "/goals-api/\(plan.goal.id)") {
            try $0.decoded(Goal.self).status == .failed
        }
        #expect(try failed.decoded(Goal.self).progress == TaskCounts(total: 3, failed: 1))
        #expect(try await bench.send(.tasks, .post, "/tasks-api/\(plan.tasks[0].id)/retry").status == 200)
        for (index, task) in plan.tasks.enumerated() { try await bench.run(task, "run_\(index + 2)", .succeeded) }
        let done = try await bench.bench.eventually(.goals, "/goals-api/\(plan.goal.id)") {
            try $0.decoded(Goal.self).status == .completed
        }
        #expect(try done.decoded(Goal.self).progress == TaskCounts(total: 3, completed: 3))
        let project = try await bench.send(.goals, .get, "/api/projects/nexus").decoded(Project.self)
        #expect(project.status == .completed)
        let log = try await bench.send(.goals, .get, "/api/projects/nexus/logs?limit=200").text
        for action in ["project.created", "goal.created", "goal.running", "task.failed", "task.completed", "goal.completed"] {
            #expect(log.contains(#""\#(action)""#), "\(action)")
        }
        await bench.bench.stop()
    }

    @Test func decomposingReplacesThePlanAndItsApproval() async throws {
        let bench = try await GoalsBench()
        let plan = try await bench.release()
        let change = try await bench.send(
            .goals, .patch, "/goals-api/\(plan.goal.id)", #"{"description":"- One @builder\n- Two"}"#)
        #expect(change.status == 200)
        let answer = try await bench.send(.goals, .post, "/goals-api/\(plan.goal.id)/decompose")
        #expect(answer.status == 200)
        let new = try answer.decoded(GoalPlan.self)
        #expect(new.goal.planVersion == 2 && new.goal.approvalID != plan.goal.approvalID)
        #expect(new.tasks.map(\.title) == ["One", "Two"])
        #expect(try await bench.tasks(of: plan.goal.id).map(\.id) == new.tasks.map(\.id))
        #expect(try await bench.approval(plan.goal.approvalID).status == .cancelled)
        #expect(try await bench.approval(new.goal.approvalID).status == .pending)
        #expect(try await bench.goal(plan.goal.id).progress.total == 2)
        await bench.bench.stop()
    }

    @Test func aProjectThatApprovesByItselfStartsAtOnce() async throws {
        let bench = try await GoalsBench()
        let change = try await bench.send(.goals, .patch, "/api/projects/nexus", #"{"auto_approve_plan":true}"#)
        #expect(change.status == 200)
        let plan = try await bench.release()
        #expect(plan.goal.status == .running)
        #expect(plan.tasks.map(\.status) == [.ready, .blocked, .blocked])
        #expect(try await bench.statuses(of: plan.goal.id) == [.ready, .blocked, .blocked])
        let approval = try await bench.approval(plan.goal.approvalID)
        #expect(approval.status == .approved && approval.decision?.by == .suite)
        await bench.bench.stop()
    }

    @Test func cancellingAndDeletingReachTasksAndApprovals() async throws {
        let bench = try await GoalsBench()
        let first = try await bench.release()
        #expect(try await bench.send(.goals, .post, "/goals-api/\(first.goal.id)/cancel").status == 200)
        #expect(try await bench.statuses(of: first.goal.id) == [.cancelled, .cancelled, .cancelled])
        #expect(try await bench.approval(first.goal.approvalID).status == .cancelled)
        #expect(try await bench.send(.goals, .post, "/goals-api/\(first.goal.id)/cancel").status == 409)
        let second = try await bench.release()
        #expect(try await bench.send(.goals, .delete, "/goals-api/\(second.goal.id)").status == 204)
        #expect(try await bench.send(.goals, .get, "/goals-api/\(second.goal.id)").status == 404)
        #expect(try await bench.send(.tasks, .get, "/tasks-api/\(second.tasks[0].id)").status == 404)
        #expect(try await bench.approval(second.goal.approvalID).status == .cancelled)
        await bench.bench.stop()
    }

    @Test func aRepeatedKeyDraftsOnce() async throws {
        let bench = try await GoalsBench()
        let body = #"{"title":"Once","agent_id":"builder","project_id":"nexus"}"#
        var answers: [TestAnswer] = []
        for _ in 0..<2 {
            answers.append(
                try await bench.bench.send(.goals, .post, "/goals-api", json: body, headers: [("idempotency-key", "k")]))
        }
        #expect(answers.map(\.status) == [201, 201] && answers[0].bytes == answers[1].bytes)
        #expect(answers[1].header("idempotent-replayed") == "true")
        struct Page: Decodable { let goals: [Goal] }
        let goals = try await bench.send(.goals, .get, "/goals-api?project_id=nexus").decoded(Page.self).goals
        #expect(goals.map(\.title) == ["Once"])
        let other = try await bench.bench.send(
            .goals, .post, "/goals-api", json: #"{"title":"Other"}"#, headers: [("idempotency-key", "k")])
        #expect(other.status == 409)
        await bench.bench.stop()
    }

    @Test func badGoalsNameTheFieldAndLeaveNothing() async throws {
        let bench = try await GoalsBench()
        for (body, field) in [
            (#"{}"#, "title"), (#"{"title":""}"#, "title"), (#"{"title":"x","project_id":"nowhere"}"#, "project_id"),
            (#"{"title":"x","agent_id":"nobody"}"#, "agent_id"), (#"{"title":"x","parent_goal_id":"goal_x"}"#, "parent_goal_id"),
            (#"{"title":"x","description":"- A (after: B)\n- B (after: A)"}"#, "description"),
        ] {
            let answer = try await bench.send(.goals, .post, "/goals-api", body)
            #expect(answer.status == 400, "\(body): \(answer.text)")
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        let viewer = try await bench.send(.goals, .post, "/goals-api", "{}", as: TestBench.user(.editor))
        #expect(viewer.status == 403)
        struct Page: Decodable { let goals: [Goal] }
        #expect(try await bench.send(.goals, .get, "/goals-api").decoded(Page.self).goals.count == 1)
        #expect(try await bench.send(.goals, .get, "/goals-api?status=completed").decoded(Page.self).goals.isEmpty)
        #expect(try await bench.send(.goals, .get, "/goals-api?status=odd").status == 400)
        await bench.bench.stop()
    }
}
