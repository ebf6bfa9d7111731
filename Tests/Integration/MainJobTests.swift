import Models
import SuiteTesting
import Testing

/// The main job, from a goal to commits, on a real repository.
@Suite(.serialized) struct MainJobTests {
    static let description = """
        ## Build
        - [ ] Compile
          ```sh
          echo compiling
          echo built > out.txt
          ```
        - [ ] Test (after: Compile)
          ```sh
          cat out.txt
          ```
          ```sh
          test -e allowed || exit 4
          ```
        ## Publish
        - [ ] Tag
          ```sh
          cat out.txt
          ```
        """

    @Test func aFailingBlockIsNamedItsDependentsWaitAndARetryCompletesThem() async throws {
        let suite = try await SuiteProcess()
        let work = try await Workplace(suite)
        let goal = try await work.goal(Self.description)
        #expect(goal.tasks.map(\.title) == ["Compile", "Test", "Tag"])
        #expect(goal.tasks.allSatisfy { $0.status == .draft })
        try await work.approve(goal)

        let failed = try await work.task("Test", of: goal) { $0.status == .failed }
        #expect(failed.status == .failed)
        #expect(failed.failure?.reason == .agentError)
        #expect(failed.failure?.message.hasPrefix("block 2 of 2 exited 4: ") == true, "\(failed.failure?.message ?? "")")
        #expect(try await work.task("Compile", of: goal).status == .completed)
        #expect(try await work.task("Tag", of: goal).status == .blocked)

        try await work.commit(file: "allowed", to: "main")
        let retried = try await suite.send(.post, "/tasks-api/\(failed.id)/retry", token: work.token)
        #expect(retried.status == 200, "\(retried.text)")
        #expect(try await work.task("Tag", of: goal) { $0.status == .completed }.status == .completed)
        let again = try await suite.send(.post, "/tasks-api/\(failed.id)/retry", token: work.token)
        #expect(again.status == 409)
        try await work.expectColumn("done", holds: ["Compile", "Test", "Tag"])
        let commits = try await work.git("log", "--all", "--format=%s").split(separator: "\n")
        #expect(commits.contains("Compile"))
        await suite.stop()
    }

    @Test func logsResumeWithoutGapOrRepeat() async throws {
        let suite = try await SuiteProcess()
        let work = try await Workplace(suite)
        let goal = try await work.goal("- [ ] Count\n  ```sh\n  for i in 1 2 3 4 5 6 7 8; do echo line $i; done\n  ```")
        try await work.approve(goal)
        let task = try await work.task("Count", of: goal) { $0.status == .completed }
        let run = try #require(task.runID)
        let lines = try await work.lines(of: run, query: "")
        #expect(lines.map(\.seq) == Array(1...Int64(lines.count)))
        let rest = try await work.lines(of: run, query: "?after=3")
        #expect(rest.map(\.seq) == Array(4...Int64(lines.count)))
        #expect(rest.map(\.text) == lines.dropFirst(3).map(\.text))
        let events = try await suite.send(
            .get, "/runs-api/\(run)/logs", headers: [("last-event-id", "3")], token: work.token)
        #expect(events.header("content-type")?.hasPrefix("text/event-stream") == true)
        #expect(events.text.hasPrefix("id: 4\n"), "\(events.text.prefix(80))")
        #expect(events.text.contains("event: end\ndata: {\"status\":\"succeeded\"}"))
        await suite.stop()
    }

    @Test func aCancelledRunDiesWithItsWholeTree() async throws {
        let suite = try await SuiteProcess()
        let work = try await Workplace(suite)
        let marker = "7\(UInt32.random(in: 10_000...99_999))"
        let goal = try await work.goal("- [ ] Wait\n  ```sh\n  setsid sleep \(marker) &\n  sleep \(marker)\n  ```")
        try await work.approve(goal)
        let running = try await work.task("Wait", of: goal) { $0.status == .running }
        let run = try #require(running.runID)
        try await work.until { try await work.processes(matching: "sleep \(marker)") == 2 }
        let cancelled = try await suite.send(.post, "/runs-api/\(run)/cancel", token: work.token)
        #expect(cancelled.status == 200, "\(cancelled.text)")
        try await work.until { try await work.processes(matching: "sleep \(marker)") == 0 }
        let end = try await suite.eventually("/runs-api/\(run)", token: work.token) { $0.text.contains("\"cancelled\"") }
        #expect(try end.decoded(Run.self).status == .cancelled)
        #expect(try await work.task("Wait", of: goal) { $0.status == .interrupted }.status == .interrupted)
        await suite.stop()
    }

    @Test func aRunPastItsTimeIsTimedOut() async throws {
        let suite = try await SuiteProcess()
        let work = try await Workplace(suite, timeoutMinutes: 0.02)
        let goal = try await work.goal("- [ ] Wait\n  ```sh\n  sleep 60\n  ```")
        try await work.approve(goal)
        let failed = try await work.task("Wait", of: goal) { $0.status == .failed }
        #expect(failed.failure?.reason == .timeout)
        await suite.stop()
    }

    @Test func aRejectedPlanCancelsItsDrafts() async throws {
        let suite = try await SuiteProcess()
        let work = try await Workplace(suite)
        let goal = try await work.goal("- [ ] One\n- [ ] Two")
        let pending = try await suite.send(.get, "/approvals-api?status=pending", token: work.token)
        let approval = try #require(try pending.decoded(ApprovalPage.self).approvals.first)
        let silent = try await suite.send(.post, "/approvals-api/\(approval.id)/reject", json: "{}", token: work.token)
        #expect(silent.status == 400)
        let rejected = try await suite.send(
            .post, "/approvals-api/\(approval.id)/reject", json: #"{"reason":"not now"}"#, token: work.token)
        #expect(rejected.status == 200)
        #expect(try await work.task("One", of: goal) { $0.status == .cancelled }.status == .cancelled)
        let twice = try await suite.send(.post, "/approvals-api/\(approval.id)/approve", token: work.token)
        #expect(twice.status == 409)
        await suite.stop()
    }
}
