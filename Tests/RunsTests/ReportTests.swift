import HTTP
import Identity
import Models
import Processes
import SuiteTesting
import Testing

@testable import Runs

/// What agents report, and how it is fenced.
@Suite struct ReportTests {
    private static let success = #"{"status":"succeeded","summary":"done","output":"hello\n","exit_code":0}"#

    private func started(_ runs: RunsBench, agent: Agent = .test()) async throws -> Run {
        let run = try await runs.start(runs.given(agent: agent)[0])
        _ = try await runs.runner(of: run.id)
        return run
    }

    @Test func theSeedsExampleStartsARun() async throws {
        let runs = try await RunsBench()
        runs.peers.add(Agent.test("backend-implementer"))
        runs.peers.add(AgentTask.test("task_456", agent: nil))
        let answer = try await runs.bench.send(
            .runs, .post, "/runs-api", json: #"{ "agent_id": "agent_backend_implementer", "task_id": "task_456" }"#,
            headers: [("content-type", "application/x-www-form-urlencoded")])
        #expect(answer.status == 201)
        let run = try answer.decoded(Run.self)
        #expect(run.agentID == "agent_backend_implementer")
        #expect(answer.header("location") == "/runs-api/\(run.id)")
        let again = try await runs.bench.send(
            .runs, .post, "/runs-api", json: #"{"task_id":"task_456","agent_id":"backend-implementer"}"#)
        #expect(again.status == 409)
        await runs.stop()
    }

    @Test func badRequestsNameTheField() async throws {
        let runs = try await RunsBench()
        runs.given()
        runs.peers.add(AgentTask.test("task_free", agent: nil))
        for (body, field) in [
            ("{}", "task_id"), (#"{"task_id":7}"#, "task_id"), (#"{"task_id":""}"#, "task_id"),
            (#"{"task_id":"task_none"}"#, "task_id"),
            (#"{"task_id":"task_free"}"#, "agent_id"), (#"{"task_id":"task_free","agent_id":"nobody"}"#, "agent_id"),
            (#"{"task_id":"task_tester_1","timeout_seconds":0}"#, "timeout_seconds"),
            (#"{"task_id":"task_tester_1","timeout_seconds":"long"}"#, "timeout_seconds"),
        ] {
            let answer = try await runs.bench.send(.runs, .post, "/runs-api", json: body)
            #expect(answer.status == 400, "\(body)")
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        #expect(try await runs.bench.send(.runs, .get, "/runs-api?status=happy").status == 400)
        #expect(try await runs.bench.send(.runs, .get, "/runs-api/run_none").status == 404)
        await runs.stop()
    }

    @Test func theReportRoutesAreForTheRunsOwnTokenAlone() async throws {
        let runs = try await RunsBench()
        let run = try await started(runs)
        for path in ["logs", "heartbeat", "usage", "result"] {
            #expect(try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/\(path)", json: "{}").status == 403)
            #expect(try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/\(path)", json: "{}", as: nil).status == 401)
        }
        #expect(try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/context").status == 403)
        var other = run
        other.id = "run_other"
        #expect(try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)", as: runs.agent(other)).status == 404)
        #expect(
            try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/heartbeat", json: "{}", as: runs.agent(other)).status
                == 404)
        #expect(try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)", as: runs.agent(run)).status == 200)
        #expect(try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/cancel", as: runs.agent(run)).status == 403)
        await runs.stop()
    }

    @Test func aRunHasOneOutcomeAndItsReportCanBeRepeated() async throws {
        let runs = try await RunsBench()
        let run = try await started(runs)
        #expect(try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/result").status == 404)
        let first = try await runs.report("result", run, json: Self.success)
        #expect(first.status == 200, "\(first.text)")
        let again = try await runs.report("result", run, json: Self.success)
        #expect(again.status == 200)
        #expect(again.bytes == first.bytes)
        let other = #"{"status":"failed","summary":"no","output":""}"#
        #expect(try await runs.report("result", run, json: other).status == 409)
        #expect(try await runs.report("result", run, attempt: 2, json: Self.success).status == 409)
        let result = try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/result").decoded(RunResult.self)
        #expect(result.status == .succeeded)
        #expect(result.summary == "done")
        #expect(result.output == "hello\n")
        #expect(result.exitCode == 0)
        #expect(try await runs.run(run.id).status == .succeeded)
        await runs.stop()
    }

    @Test func aFailureWithoutAReasonGetsOne() async throws {
        let runs = try await RunsBench()
        let run = try await started(runs)
        let report =
            #"{"status":"failed","summary":"","output":"","failure":{"reason":"merge_conflict","message":"a","retryable":false}}"#
        #expect(try await runs.report("result", run, json: report).status == 200)
        #expect(try await runs.run(run.id).failure == Failure(.mergeConflict, "a", retryable: false))
        await runs.stop()
    }

    @Test func nothingIsTakenFromAnEarlierAttempt() async throws {
        let runs = try await RunsBench()
        let run = try await started(runs)
        #expect(try await runs.report("logs", run, json: Self.line(1, "one")).status == 200)
        try await runs.runner(of: run.id).signal(9)
        _ = try await runs.runner(of: run.id, attempt: 2)
        let before = try await runs.run(run.id)
        let artifact = try await runs.bench.send(
            .runs, .put, "/runs-api/\(run.id)/artifacts/a.txt", json: "x", as: runs.agent(run, attempt: 1))
        #expect(artifact.status == 409)
        #expect(
            try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/context", as: runs.agent(run, attempt: 1)).status == 409)
        for (path, json) in [
            ("heartbeat", "{}"), ("usage", #"{"input_tokens":5,"output_tokens":5,"cost_usd":1}"#), ("logs", Self.line(2, "two")),
            ("result", Self.success),
        ] {
            #expect(try await runs.report(path, run, attempt: 1, json: json).status == 409, "\(path)")
        }
        #expect(try await runs.run(run.id) == before)
        let log = try await runs.bench.send(
            .runs, .get, "/runs-api/\(run.id)/logs?follow=false", headers: [("accept", "application/x-ndjson")])
        #expect(!log.text.contains("two"))
        await runs.stop()
    }

    private static func line(_ n: Int, _ text: String) -> String {
        #"{"lines":[{"n":\#(n),"time":"2026-01-01T00:00:00Z","stream":"stdout","text":"\#(text)"}]}"#
    }

    @Test func linesCanBeReadAndResumedInBothForms() async throws {
        let runs = try await RunsBench()
        let run = try await started(runs)
        for n in 1...5 {
            let answer = try await runs.report("logs", run, json: Self.line(n, "line \(n)"))
            #expect(try answer.decoded(LogBatchAnswer.self).next == Int64(n + 1))
        }
        let gap = try await runs.report("logs", run, json: Self.line(9, "nine"))
        #expect(gap.status == 409)
        #expect(gap.text.contains("expected 6"))
        let path = "/runs-api/\(run.id)/logs"
        let lines = try await runs.bench.send(
            .runs, .get, "\(path)?follow=false&after=2", headers: [("accept", "application/x-ndjson")])
        #expect(lines.header("content-type") == "application/x-ndjson")
        #expect(
            try lines.text.split(separator: "\n").map { try JSON.decode(LogLine.self, from: Array($0.utf8)).seq } == [3, 4, 5])
        _ = try await runs.report("result", run, json: Self.success)
        let events = try await runs.bench.send(.runs, .get, path, headers: [("last-event-id", "4")])
        #expect(events.header("content-type") == "text/event-stream")
        #expect(events.text.hasPrefix("id: 5\nevent: log\ndata: {\"seq\":5,"))
        #expect(events.text.hasSuffix("event: end\ndata: {\"status\":\"succeeded\"}\n\n"))
        #expect(try await runs.bench.send(.runs, .get, path, headers: [("last-event-id", "x")]).status == 400)
        #expect(try await runs.bench.send(.runs, .get, "\(path)?after=-1").status == 400)
        #expect(try await runs.report("logs", run, json: Self.line(6, "late")).status == 409)
        await runs.stop()
    }

    @Test func aRunOverItsBudgetIsKilled() async throws {
        let runs = try await RunsBench()
        let run = try await started(runs, agent: .test { $0.budget.maxTokensPerRun = 100 })
        let runner = try await runs.runner(of: run.id)
        let usage = #"{"input_tokens":50,"output_tokens":50,"cost_usd":0}"#
        #expect(try await runs.report("usage", run, json: usage).decoded(HeartbeatAnswer.self).cancel == false)
        let over = try await runs.report("usage", run, json: #"{"input_tokens":51,"output_tokens":50,"cost_usd":0}"#)
        #expect(try over.decoded(HeartbeatAnswer.self).cancel)
        let failed = try await runs.run(run.id)
        #expect(failed.status == .failed)
        #expect(failed.failure?.reason == .overBudget)
        #expect(failed.usage.inputTokens == 51)
        try await onLoop { _ in await runner.ended() }
        #expect(try await runs.report("heartbeat", run).decoded(HeartbeatAnswer.self).cancel)
        await runs.stop()
    }

    @Test func artifactsAreKeptListedAndServedInParts() async throws {
        let runs = try await RunsBench { $0.attachmentBytesMax = 1024 }
        let run = try await started(runs)
        let path = "/runs-api/\(run.id)/artifacts"
        let put = try await runs.bench.send(
            .runs, .put, "\(path)/hello.html", json: "<b>hello</b>", headers: [("content-type", "text/html")], as: runs.agent(run)
        )
        #expect(put.status == 201, "\(put.text)")
        let artifact = try put.decoded(Artifact.self)
        #expect(artifact.bytes == 12)
        #expect(artifact.contentType == "text/html")
        for name in ["..", ".hidden", "a%2Fb", "a%20b", String(repeating: "x", count: 129)] {
            #expect(try await runs.bench.send(.runs, .put, "\(path)/\(name)", json: "x", as: runs.agent(run)).status == 400)
        }
        let big = String(repeating: "x", count: 1025)
        #expect(try await runs.bench.send(.runs, .put, "\(path)/big", json: big, as: runs.agent(run)).status == 413)
        let got = try await runs.bench.send(.runs, .get, "\(path)/hello.html")
        #expect(got.text == "<b>hello</b>")
        #expect(got.header("x-content-type-options") == "nosniff")
        #expect(got.header("content-disposition") == "attachment; filename=\"hello.html\"")
        let part = try await runs.bench.send(.runs, .get, "\(path)/hello.html", headers: [("range", "bytes=3-7")])
        #expect(part.status == 206)
        #expect(part.text == "hello")
        _ = try await runs.report("result", run, json: Self.success)
        #expect(try await runs.bench.send(.runs, .put, "\(path)/late", json: "x", as: runs.agent(run)).status == 409)
        let result = try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/result").decoded(RunResult.self)
        #expect(result.artifacts == [artifact])
        #expect(try await runs.bench.send(.runs, .get, path).decoded(ArtifactList.self).artifacts == [artifact])
        #expect(try await runs.bench.send(.runs, .get, "\(path)/none").status == 404)
        await runs.stop()
    }

    @Test func theContextHoldsWhatTheAgentStartsWith() async throws {
        let runs = try await RunsBench()
        let agent = Agent.test { $0.skills = ["missing-skill"] }
        runs.peers.add(agent)
        runs.peers.add(AgentTask.test("task_before") { $0.branch = "nexus/run_before" })
        runs.peers.add(AgentTask.test("task_after") { $0.dependsOn = ["task_before", "task_gone"] })
        let run = try await runs.start("task_after")
        _ = try await runs.runner(of: run.id)
        let answer = try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/context", as: runs.agent(run))
        #expect(answer.status == 200, "\(answer.text)")
        let context = try answer.decoded(RunContext.self)
        #expect(context.agent.id == agent.id)
        #expect(context.task.id == "task_after")
        #expect(context.run.status == .running)
        #expect(context.dependencyBranches == ["nexus/run_before"])
        #expect(context.skills.isEmpty)
        #expect(context.warnings?.count == 2)
        #expect(try await runs.event("run.started", of: run.id).startedAt != nil)
        await runs.stop()
    }

    @Test func theContextShowsTheRepositoryTheSkillsAndTheMemory() async throws {
        struct Memories: Encodable { let memories: [Models.Memory] }
        let runs = try await RunsBench()
        let now = WallClock.system.now()
        let repository = "\(runs.bench.folder)/repository"
        let made = try await onLoop { _ in
            let script = """
                git init -q -b trunk "$0" && cd "$0" && mkdir sub && echo x > sub/b.txt && echo x > a.txt && git add -A
                git -c user.name=t -c user.email=t@example.invalid commit -q -m first
                """
            let command = Command(
                "sh", ["-c", script, repository], environment: ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent"])
            return try await Subprocess.run(command)
        }
        #expect(made.exit.isSuccess, "\(made.errorText)")
        let project = Project(
            id: "proj_1", workspaceID: "default", slug: "p", repoURL: repository, createdAt: now, updatedAt: now)
        var skill = Skill(id: "skill_1", workspaceID: "default", name: "S", slug: "s", createdAt: now)
        skill.publishedVersion = "1.0.0"
        let memories = [("low", 0.1), ("high", 0.9)].map {
            Models.Memory(
                id: "mem_\($0.0)", workspaceID: "default", content: $0.0, scope: .global, importance: $0.1, createdAt: now)
        }
        try runs.peers.answer("/api/projects/proj_1", project)
        try runs.peers.answer("/skills-api/s", skill)
        try runs.peers.answer(
            "/skills-api/s/versions/1.0.0",
            SkillVersion(of: skill, version: "1.0.0", content: "Be kind.", changelog: "", by: .suite, at: now))
        try runs.peers.answer("/memory-api", Memories(memories: memories))
        runs.peers.add(
            Agent.test {
                $0.skills = ["s"]
                $0.memoryPolicy.readScopes = [.global]
            })
        runs.peers.add(AgentTask.test("task_1") { $0.projectID = "proj_1" })
        let run = try await runs.start("task_1")
        _ = try await runs.runner(of: run.id)
        let answer = try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/context", as: runs.agent(run))
        let context = try answer.decoded(RunContext.self)
        #expect(context.project?.repository?.tree == ["a.txt", "sub/b.txt"])
        #expect(context.project?.defaultBranch == "trunk")
        #expect(context.project?.tasks.map(\.id) == ["task_1"])
        #expect(context.skills == [SkillContext(slug: "s", version: "1.0.0", content: "Be kind.")])
        #expect(context.memories.map(\.id) == ["mem_high", "mem_low"])
        #expect(context.warnings == nil, "\(context.warnings ?? [])")
        await runs.stop()
    }

    @Test func listsFilterByWhatIsKnownOfARun() async throws {
        let runs = try await RunsBench()
        let tasks = runs.given(tasks: 2)
        let first = try await runs.start(tasks[0])
        let second = try await runs.start(tasks[1])
        _ = try await runs.runner(of: first.id)
        func ids(_ query: String) async throws -> [String] {
            guard case .array(let items)? = try await runs.bench.send(.runs, .get, "/runs-api?\(query)").json()["runs"] else {
                return []
            }
            return items.compactMap { $0["id"]?.string }
        }
        #expect(try await ids("") == [second.id, first.id])
        #expect(try await ids("task_id=\(tasks[0])") == [first.id])
        #expect(try await ids("agent_id=tester").count == 2)
        #expect(try await ids("agent_id=agent_tester").count == 2)
        #expect(try await ids("status=queued") == [second.id])
        #expect(try await ids("status=queued,starting").count == 2)
        #expect(try await ids("project_id=proj_none").isEmpty)
        await runs.stop()
    }
}
