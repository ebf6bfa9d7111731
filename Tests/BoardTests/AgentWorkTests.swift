import HTTP
import Models
import SuiteTesting
import Testing

@testable import Board

/// What the board asks of the tasks service, and what its answers do to issues.
@Suite struct AgentWorkTests {
    private func text(_ json: JSONValue, _ member: String) -> String { json[member]?.string ?? "" }

    @Test func anAssignedIssueAsksForATaskAndFollowsIt() async throws {
        let bench = try await BoardBench()
        let id = try await bench.issue("Do it", ",\"assignee_id\":\"alpha\",\"project_id\":\"nexus\",\"description\":\"Read me\"")
        let asked = try await bench.requested(for: id)
        #expect(asked.tasks.count == 1)
        let task = asked.tasks[0]
        #expect(task.agentID == "agent_alpha" && task.issueID == id && task.projectID == "proj_1" && task.autoStart)
        #expect(task.title == "Do it" && task.description == "Read me")
        #expect(try await bench.status(id) == "open")
        try await bench.report(task, .running)
        #expect(try await bench.status(id) == "in_progress")
        try await bench.report(task, .completed, summary: "All done")
        #expect(try await bench.status(id) == "in_review")
        let comments = try await bench.send(.get, "/api/issues/\(id)/comments").json()["comments"]
        guard case .array(let all) = comments else { return #expect(Bool(false), "no comments") }
        #expect(all.count == 1 && text(all[0], "content") == "All done" && text(all[0], "authored_via") == "agent_tool_call")
        #expect(all[0]["author"]?["id"]?.string == "agent_alpha")
        try await bench.report(task, .completed, summary: "All done")
        #expect(try await bench.send(.get, "/api/issues/\(id)").json()["comments_count"]?.integer == 1)
        await bench.bench.stop()
    }

    @Test func aCrewMaySayThatARunsEndIsTheIssues() async throws {
        let bench = try await BoardBench()
        let crew = try await bench.crew()
        _ = try await bench.send(.patch, "/api/v1/crews/\(crew)", #"{"on_run_done":"done"}"#)
        let issue = try await bench.make("/api/v1/crews/\(crew)/issues", #"{"title":"T","assignee_id":"beta"}"#)
        let id = text(issue, "id")
        #expect(try await bench.events("issue.work_requested").isEmpty)
        #expect(try await bench.send(.post, "/api/v1/crews/\(crew)/issues/ENG-1/start", "{}").status == 200)
        let task = try await bench.requested(for: id).tasks[0]
        try await bench.report(task, .running)
        try await bench.report(task, .completed)
        #expect(try await bench.status(id) == "resolved")
        await bench.bench.stop()
    }

    @Test func aFailedTaskFailsItsIssueAndSaysWhy() async throws {
        let bench = try await BoardBench()
        let id = try await bench.issue("T", ",\"assignee_id\":\"alpha\"")
        let task = try await bench.requested(for: id).tasks[0]
        try await bench.report(task, .failed)
        #expect(try await bench.status(id) == "failed")
        #expect(try await bench.send(.get, "/api/issues/\(id)/comments").text.contains("block 1 of 1 exited 4"))
        _ = try await bench.send(.patch, "/api/issues/\(id)", #"{"status":"open"}"#)
        let again = try await bench.requested(for: id)
        #expect(again.tasks[0].id != task.id)
        #expect(again.tasks[0].description.contains("> block 1 of 1 exited 4"))
        await bench.bench.stop()
    }

    @Test func aBlockedIssueIsAskedForWhenItsBlockerEnds() async throws {
        let bench = try await BoardBench()
        let blocker = try await bench.issue("First")
        let id = try await bench.issue("Second", ",\"assignee_id\":\"beta\",\"blocked_by\":\"\(blocker)\"")
        #expect(try await bench.events("issue.work_requested").isEmpty)
        _ = try await bench.send(.patch, "/api/issues/\(blocker)", #"{"status":"resolved"}"#)
        #expect(try await bench.requested(for: id).tasks.count == 1)
        #expect(try await bench.status(id) == "open")
        await bench.bench.stop()
    }

    @Test func pausingHoldsTheWorkAndResumingLetsItGoOn() async throws {
        let bench = try await BoardBench()
        let id = try await bench.issue("T", ",\"assignee_id\":\"alpha\"")
        let task = try await bench.requested(for: id).tasks[0]
        try await bench.report(task, .running)
        #expect(try await bench.send(.post, "/api/projects/issues/\(id)/pause").status == 204)
        #expect(try await bench.status(id) == "open")
        #expect(try await bench.events("issue.work_paused").count == 1)
        try await bench.report(task, .running)
        #expect(try await bench.status(id) == "open", "what is paused stays so, whatever is reported meanwhile")
        #expect(try await bench.send(.post, "/api/projects/issues/\(id)/resume").status == 204)
        #expect(try await bench.status(id) == "in_progress")
        #expect(try await bench.events("issue.work_resumed").count == 1)
        #expect(try await bench.events("issue.work_requested").count == 1)
        await bench.bench.stop()
    }

    @Test func aPersonStopsTheWorkAndAnAgentsOwnReportDoesNot() async throws {
        let bench = try await BoardBench()
        let stopped = try await bench.issue("T", ",\"assignee_id\":\"alpha\",\"project_id\":\"nexus\"")
        _ = try await bench.send(.patch, "/api/issues/\(stopped)", #"{"status":"closed"}"#)
        #expect(try await bench.events("issue.work_stopped").count == 1)
        let own = try await bench.issue("U", ",\"assignee_id\":\"alpha\",\"project_id\":\"nexus\"")
        let task = try await bench.requested(for: own).tasks[0]
        try await bench.report(task, .running)
        let agent = BoardBench.agent("alpha", task: task.id)
        let answer = try await bench.send(.put, "/api/projects/issues/\(own)", #"{"status":"Resolved"}"#, as: agent)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try await bench.events("issue.work_stopped").count == 1)
        try await bench.report(task, .completed, summary: "Resolved it")
        #expect(try await bench.status(own) == "resolved")
        let reassigned = try await bench.issue("V", ",\"assignee_id\":\"alpha\"")
        _ = try await bench.send(.patch, "/api/issues/\(reassigned)", #"{"assignee_id":"beta"}"#)
        #expect(try await bench.requested(for: reassigned).tasks[0].agentID == "agent_beta")
        await bench.bench.stop()
    }

    @Test func anAgentReachesTheIssuesOfItsProjectItsOwnAndThatOfItsTask() async throws {
        let bench = try await BoardBench()
        let near = try await bench.issue("near", ",\"project_id\":\"nexus\"")
        let far = try await bench.issue("far", ",\"project_id\":\"apollo\"")
        let homeless = try await bench.issue("homeless", ",\"assignee_id\":\"alpha\"")
        let task = try await bench.requested(for: homeless).tasks[0]
        let agent = BoardBench.agent("alpha", task: task.id)
        for (id, status) in [(near, UInt16(200)), (far, 404), (homeless, 200)] {
            #expect(try await bench.send(.get, "/api/issues/\(id)", as: agent).status == status)
            #expect(try await bench.send(.get, "/api/projects/issues/\(id)", as: agent).status == status)
            #expect(try await bench.send(.get, "/api/v1/issues/\(id)", as: agent).status == status)
        }
        let made = try await bench.send(.post, "/api/issues", #"{"title":"found"}"#, as: agent)
        #expect(made.status == 201, "\(made.text)")
        let issue = try made.json()
        #expect(issue["created_by"]?["type"]?.string == "agent" && text(issue, "authored_via") == "agent_tool_call")
        #expect(text(issue, "project_id") == "proj_1")
        for (method, path) in [
            (HTTP.Method.delete, "/api/issues/\(near)"), (.post, "/api/projects/issues/\(near)/pause"),
            (.post, "/api/v1/crews"), (.get, "/api/projects/apollo/issues"), (.patch, "/api/v1/issues/bulk"),
        ] {
            let answer = try await bench.send(method, path, method == .get ? nil : "{}", as: agent)
            #expect([403, 404].contains(answer.status), "\(path): \(answer.status)")
        }
        await bench.bench.stop()
    }

    @Test func aTaskOfAnIssueHasNoCardOfItsOwn() async throws {
        let bench = try await BoardBench()
        let id = try await bench.issue("T", ",\"assignee_id\":\"alpha\"")
        let task = try await bench.requested(for: id).tasks[0]
        try await bench.report(task, .running)
        let board = try await bench.send(.get, "/board-api").decoded(Board.self)
        #expect(board.columns.flatMap(\.cards).map(\.id) == [id])
        await bench.bench.stop()
    }
}
