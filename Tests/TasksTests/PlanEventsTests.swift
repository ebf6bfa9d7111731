import Models
import SuiteTesting
import Testing

/// What plans, runs, projects and agents do to tasks, by their services' events.
@Suite struct PlanEventsTests {
    static let now = TasksBench.now

    static func goal(_ version: Int = 1, _ status: GoalStatus = .pending) -> Goal {
        Goal(
            id: "goal_1", workspaceID: "default", title: "G", status: status, approvalID: "appr_\(version)", planVersion: version,
            createdAt: now, updatedAt: now)
    }

    static func draft(_ id: String, after: [String] = [], position: Int = 0) -> AgentTask {
        AgentTask(
            id: id, workspaceID: "default", title: id, status: .draft, goalID: "goal_1", phase: "P", position: position,
            agentID: "agent_alpha", dependsOn: after, createdAt: now, updatedAt: now)
    }

    static func plan(_ tasks: [AgentTask], version: Int = 1, replaces: [String]? = nil) -> GoalDrafted {
        GoalDrafted(
            goal: goal(version), tasks: tasks,
            approval: Approval(
                id: "appr_\(version)", workspaceID: "default", type: .plan, title: "Plan", createdAt: now, updatedAt: now),
            replaces: replaces)
    }

    /// `task_b` waits for `task_a`; they come in the wrong order, as a plan may list them.
    static let two = [draft("task_b", after: ["task_a"], position: 0), draft("task_a", position: 1)]

    func emit(_ bench: TasksBench, _ type: String, _ data: some Encodable) async throws {
        try bench.goals.emit(type, "goal_1", data)
        try await bench.goals.consumed()
    }

    @Test func draftsWaitForTheirPlanAndThenStartInOrder() async throws {
        let bench = try await TasksBench()
        try await emit(bench, "goal.drafted", Self.plan(Self.two))
        #expect(try await bench.task("task_a").status == .draft)
        #expect(try await bench.events("task.dispatch").isEmpty)
        try await emit(bench, "goal.approved", Self.goal(1, .running))
        #expect(try await bench.task("task_a").status == .ready)
        #expect(try await bench.task("task_b").status == .blocked)
        #expect(try await bench.events("task.dispatch").map(\.subjectID) == ["task_a"])
        try await bench.run(bench.task("task_a"), "run_1", .succeeded)
        let done = try await bench.task("task_a")
        #expect(done.status == .completed && done.branch == "nexus/run_1" && done.summary == "did it")
        #expect(try await bench.task("task_b").status == .ready)
        #expect(try await bench.events("task.dispatch").map(\.subjectID) == ["task_a", "task_b"])
        await bench.bench.stop()
    }

    @Test func eventsThatComeTwiceChangeNothing() async throws {
        let bench = try await TasksBench()
        for _ in 0..<2 { try await emit(bench, "goal.drafted", Self.plan(Self.two)) }
        for _ in 0..<2 { try await emit(bench, "goal.approved", Self.goal(1, .running)) }
        try await emit(bench, "goal.drafted", Self.plan(Self.two))
        #expect(try await bench.events("task.dispatch").count == 1)
        #expect(try await bench.events("task.created").count == 2)
        await bench.bench.stop()
    }

    @Test func anApprovalThatComesBeforeItsPlanReleasesItWhenItComes() async throws {
        let bench = try await TasksBench()
        try await emit(bench, "goal.approved", Self.goal(1, .running))
        try await emit(bench, "goal.drafted", Self.plan(Self.two))
        #expect(try await bench.task("task_a").status == .ready)
        #expect(try await bench.task("task_b").status == .blocked)
        await bench.bench.stop()
    }

    @Test func aNewPlanReplacesTheDraftsAndTheOldApprovalDoesNotReleaseIt() async throws {
        let bench = try await TasksBench()
        try await emit(bench, "goal.drafted", Self.plan(Self.two))
        try await emit(bench, "goal.drafted", Self.plan([Self.draft("task_c")], version: 2, replaces: ["task_a", "task_b"]))
        #expect(try await bench.send(.get, "/tasks-api/task_a").status == 404)
        try await emit(bench, "goal.approved", Self.goal(1, .running))
        #expect(try await bench.task("task_c").status == .draft)
        try await emit(bench, "goal.drafted", Self.plan(Self.two))
        #expect(try await bench.send(.get, "/tasks-api/task_a").status == 404, "the older plan came late")
        try await emit(bench, "goal.approved", Self.goal(2, .running))
        #expect(try await bench.task("task_c").status == .ready)
        await bench.bench.stop()
    }

    @Test func cancellingAPlanInterruptsWhatRunsAndKeepsWhatIsCompleted() async throws {
        let bench = try await TasksBench()
        let tasks = ["task_a", "task_b", "task_c"].map { Self.draft($0) } + [Self.draft("task_d", after: ["task_b"])]
        try await emit(bench, "goal.drafted", Self.plan(tasks))
        try await emit(bench, "goal.approved", Self.goal(1, .running))
        try await bench.run(bench.task("task_a"), "run_1", .succeeded)
        try await bench.report("run.queued", TasksBench.makeRun("run_2", "task_b", .queued))
        try await bench.report("run.started", TasksBench.makeRun("run_2", "task_b", .running))
        try await emit(bench, "goal.cancelled", Self.goal(1, .cancelled))
        var statuses: [TaskStatus] = []
        for id in ["task_a", "task_b", "task_c", "task_d"] { statuses.append(try await bench.task(id).status) }
        #expect(statuses == [.completed, .interrupted, .cancelled, .cancelled])
        #expect(Set(try await bench.events("task.interrupted").map(\.subjectID)) == ["task_b", "task_c"])
        await bench.bench.stop()
    }

    @Test func aFailureKeepsDependentsBlockedUntilARetrySucceeds() async throws {
        let bench = try await TasksBench()
        try await emit(bench, "goal.drafted", Self.plan(Self.two))
        try await emit(bench, "goal.approved", Self.goal(1, .running))
        try await bench.run(bench.task("task_a"), "run_1", .failed)
        #expect(try await bench.task("task_a").failure?.reason == .agentError)
        #expect(try await bench.task("task_b").status == .blocked)
        #expect(try await bench.send(.post, "/tasks-api/task_b/retry").status == 409)
        let retried = try await bench.send(.post, "/tasks-api/task_a/retry")
        #expect(try retried.decoded(AgentTask.self).status == .ready)
        #expect(try await bench.events("task.dispatch").map(\.subjectID) == ["task_a", "task_a"])
        try await bench.run(bench.task("task_a"), "run_2", .succeeded, at: 10)
        #expect(try await bench.task("task_b").status == .ready)
        #expect(try await bench.task("task_a").runs == 2)
        await bench.bench.stop()
    }

    @Test func aRetryWhileTheOldRunStillEndsStartsOnceItHas() async throws {
        let bench = try await TasksBench()
        let task = try await bench.make(#"{"title":"a","agent_id":"alpha","auto_start":true}"#)
        try await bench.report("run.queued", TasksBench.makeRun("run_1", task.id, .queued))
        #expect(try await bench.send(.post, "/tasks-api/\(task.id)/interrupt").status == 200)
        #expect(try await bench.send(.post, "/tasks-api/\(task.id)/retry").status == 200)
        #expect(try await bench.events("task.dispatch").count == 1)
        try await bench.report("run.finished", TasksBench.makeRun("run_1", task.id, .cancelled))
        #expect(try await bench.task(task.id).status == .ready)
        #expect(try await bench.events("task.dispatch").count == 2)
        await bench.bench.stop()
    }

    @Test func aRunThatMayNotBeginIsToldToEnd() async throws {
        let bench = try await TasksBench()
        let first = try await bench.make(#"{"title":"a"}"#)
        let second = try await bench.make(#"{"title":"b","depends_on":["\#(first.id)"]}"#)
        try await bench.report("run.queued", TasksBench.makeRun("run_1", second.id, .queued))
        #expect(try await bench.task(second.id).status == .blocked)
        #expect(try await bench.events("task.interrupted").map(\.subjectID) == [second.id])
        try await bench.report("run.finished", TasksBench.makeRun("run_1", second.id, .cancelled))
        #expect(try await bench.task(second.id).status == .blocked)
        await bench.bench.stop()
    }

    @Test func completingByHandWhatRunsEndsItsRunAndStays() async throws {
        let bench = try await TasksBench()
        let task = try await bench.make(#"{"title":"a","agent_id":"alpha","auto_start":true}"#)
        try await bench.report("run.queued", TasksBench.makeRun("run_1", task.id, .queued))
        try await bench.report("run.started", TasksBench.makeRun("run_1", task.id, .running))
        #expect(try await bench.send(.patch, "/tasks-api/\(task.id)", #"{"agent_id":"beta"}"#).status == 409)
        #expect(try await bench.send(.patch, "/tasks-api/\(task.id)", #"{"status":"completed"}"#).status == 200)
        #expect(try await bench.events("task.interrupted").map(\.subjectID) == [task.id])
        try await bench.report("run.finished", TasksBench.makeRun("run_1", task.id, .cancelled))
        let after = try await bench.task(task.id)
        #expect(after.status == .completed && after.failure == nil)
        await bench.bench.stop()
    }

    @Test func aResultIsReviewedWhenTheAgentOrTheProjectSaysSo() async throws {
        let bench = try await TasksBench()
        try bench.agents.emit("agent.created", "agent_alpha", TasksBench.agent("alpha", review: .human))
        try await bench.agents.consumed()
        let byAgent = try await bench.make(#"{"title":"a","agent_id":"alpha"}"#)
        try await bench.run(byAgent, "run_1", .succeeded)
        #expect(try await bench.task(byAgent.id).status == .review)
        let accepted = try await bench.send(.post, "/tasks-api/\(byAgent.id)/approve")
        #expect(try accepted.decoded(AgentTask.self).status == .completed)
        #expect(try await bench.send(.post, "/tasks-api/\(byAgent.id)/approve").status == 409)
        try bench.agents.emit("agent.updated", "agent_alpha", TasksBench.agent("alpha"))
        try await bench.agents.consumed()
        var project = TasksBench.project
        project.review = .human
        try bench.goals.emit("project.updated", project.id, project)
        try await bench.goals.consumed()
        let byProject = try await bench.make(#"{"title":"b","agent_id":"alpha","project_id":"nexus"}"#)
        try await bench.run(byProject, "run_2", .succeeded)
        #expect(try await bench.task(byProject.id).status == .review)
        await bench.bench.stop()
    }

    @Test func aDeletedProjectTakesItsTasksAlongForGood() async throws {
        let bench = try await TasksBench()
        let task = try await bench.make(#"{"title":"a","project_id":"nexus"}"#)
        try bench.goals.emit("project.deleted", "proj_1", TasksBench.project)
        try await bench.goals.consumed()
        #expect(try await bench.send(.get, "/tasks-api/\(task.id)").status == 404)
        let late = try await bench.send(.post, "/tasks-api", #"{"title":"late","project_id":"proj_1"}"#)
        #expect(late.status == 400, "its owner still answered when it was asked")
        await bench.bench.stop()
    }
}
