import Models
import Processes
import SuiteTesting
import Testing

/// The scopes reference (seed 002): its examples run by `curl` as they are written there, but for the address.
@Suite(.serialized) struct ScopesReferenceTests {
    static let createAgent = #"""
        curl -X POST https://api.nexus.dev/agents-api \
        -H "Authorization: Bearer $JWT" \
        -H "Content-Type: application/json" \
        -d '{
        "name": "Backend Implementer",
        "slug": "backend-implementer",
        "model": { "provider": "openai", "model": "gpt-5.5-thinking", "temperature": 0.2 },
        "runtime": { "image": "nexus-agent-runner:latest", "cpu": "2", "memory": "4Gi", "timeout_minutes": 60 },
        "skills": ["rust-backend-development"],
        "memory_policy": { "read_scopes": ["global","project","agent_private"], "write_scopes": ["project","agent_private"], "auto_save": true },
        "tools": ["git","shell","cargo"],
        "permissions": { "can_commit": true, "can_open_pr": true, "can_merge": false }
        }'
        """#
    static let createGoal = #"""
        curl -X POST https://api.nexus.dev/goals-api \
        -H "Authorization: Bearer $JWT" \
        -H "Content-Type: application/json" \
        -d '{ "project_id": "nexus", "title": "Build authentication system" }'
        """#
    static let startRun = #"""
        curl -X POST https://api.nexus.dev/runs-api \
        -H "Authorization: Bearer $JWT" \
        -d '{ "agent_id": "agent_backend_implementer", "task_id": "task_456" }'
        """#
    static let streamLogs = "curl -N https://api.nexus.dev/runs-api/run_123/logs"

    @Test func theExamplesWorkAsWritten() async throws {
        let suite = try await SuiteProcess()
        let curl = try await Curl(suite)
        let agent = try await curl.run(Self.createAgent).decoded(Agent.self)
        #expect(agent.id == "agent_backend_implementer")
        #expect(agent.runtime.timeoutMinutes == 60)
        #expect(agent.permissions == AgentPermissions(canCommit: true, canOpenPR: true, canMerge: false))

        let project = try await suite.send(.post, "/api/projects", json: #"{"name":"Nexus"}"#, token: curl.token)
        #expect(try project.decoded(Project.self).slug == "nexus")
        let drafted = try await curl.run(Self.createGoal).json()
        #expect(drafted["goal"]?["title"]?.string == "Build authentication system")
        guard case .array(let tasks) = drafted["tasks"] else {
            Issue.record("no drafted tasks")
            return
        }
        #expect(!tasks.isEmpty)
        #expect(tasks.allSatisfy { $0["status"]?.string == "draft" })

        let made = try await suite.send(.post, "/tasks-api", json: #"{"title":"Do it"}"#, token: curl.token)
        let task = try made.decoded(AgentTask.self)
        let run = try await curl.run(Self.startRun.replacing("task_456", with: task.id)).decoded(Run.self)
        #expect(run.taskID == task.id)
        #expect(run.agentID == "agent_backend_implementer")
        let unsigned = try await curl.run(Self.streamLogs.replacing("run_123", with: run.id))
        #expect(try unsigned.json()["error"]?.string != nil)
        let stream = Self.streamLogs.replacing("run_123", with: run.id) + #" -H "Authorization: Bearer $JWT""#
        let lines = try await curl.run(stream).text
        #expect(lines.contains("event: end"), "\(lines)")
        await suite.stop()
    }

    @Test func everyErrorOfTheTableIsAnswered() async throws {
        let suite = try await SuiteProcess()
        let token = try await suite.token()
        let agent = #"{"name":"A","model":{"provider":"runbook"}}"#
        let table: [(UInt16, TestAnswer)] = [
            (200, try await suite.send(.get, "/agents-api", token: token)),
            (201, try await suite.send(.post, "/agents-api", json: agent, token: token)),
            (400, try await suite.send(.post, "/agents-api", json: "{}", token: token)),
            (401, try await suite.send(.get, "/agents-api")),
            (401, try await suite.send(.get, "/agents-api", token: "abc.def.ghi")),
            (403, try await suite.send(.post, "/agents-api", json: agent, token: try await suite.token(role: .viewer))),
            (404, try await suite.send(.get, "/agents-api/agent_nobody", token: token)),
            (409, try await suite.send(.post, "/agents-api", json: agent, token: token)),
            (405, try await suite.send(.put, "/agents-api", json: agent, token: token)),
        ]
        for (status, answer) in table {
            #expect(answer.status == status, "\(answer.text)")
            if status >= 400 { #expect(try answer.json()["error"]?.string?.isEmpty == false) }
        }
        await suite.stop()
    }

    @Test func theThreeCredentialsAreTaken() async throws {
        let suite = try await SuiteProcess()
        let token = try await suite.token(role: .owner)
        let made = try await suite.send(
            .post, "/auth/api-keys", json: #"{"name":"ci","role":"manager","scopes":["agents:write"]}"#, token: token)
        #expect(made.status == 201, "\(made.text)")
        let key = try #require(try made.json()["key"]?.string)
        let id = try #require(try made.json()["id"]?.string)
        let header = [("x-nexus-api-key", key)]
        #expect(try await suite.send(.get, "/agents-api", headers: header).status == 200)
        #expect(try await suite.send(.get, "/agents-api", token: key).status == 200)
        #expect(try await suite.send(.get, "/goals-api", headers: header).status == 403)
        let agent = #"{"name":"K","model":{"provider":"runbook"}}"#
        #expect(try await suite.send(.post, "/agents-api", json: agent, headers: header).status == 201)
        #expect(try await suite.send(.delete, "/auth/api-keys/\(id)", token: token).status == 204)
        #expect(try await suite.send(.get, "/agents-api", headers: header).status == 401)
        await suite.stop()
    }

    @Test func theDocumentIsServedLive() async throws {
        let suite = try await SuiteProcess()
        let document = try await suite.send(.get, "/api-docs/openapi.json")
        #expect(document.status == 200)
        #expect(try document.json()["openapi"]?.string?.hasPrefix("3.1") == true)
        guard case .object(let paths) = try document.json()["paths"] else {
            Issue.record("no paths")
            return
        }
        for name in ServiceName.allCases { #expect(paths.keys.contains { $0.hasPrefix(name.prefix) }, "\(name)") }
        let page = try await suite.send(.get, "/swagger-ui/")
        #expect(page.status == 200)
        #expect(page.header("content-type")?.hasPrefix("text/html") == true)
        await suite.stop()
    }
}

/// Runs a reference's `curl` command against a suite.
struct Curl: Sendable {
    let suite: SuiteProcess
    let token: String

    init(_ suite: SuiteProcess) async throws {
        self.suite = suite
        token = try await suite.token()
    }

    /// What it prints.
    func run(_ command: String) async throws -> TestAnswer {
        let here = command.replacing("https://api.nexus.dev", with: "http://\(suite.address)")
            .replacing("curl ", with: "curl -sS --max-time 60 ")
        let finished = try await suite.onLoop { [token] in
            try await Subprocess.run(
                Command("/bin/sh", ["-c", here], environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "JWT": token]))
        }
        #expect(finished.exit.isSuccess, "\(finished.errorText)")
        return TestAnswer(text: finished.outputText)
    }
}
