import Agents
import Models
import SuiteTesting
import Testing

/// The agents scope through its router.
@Suite struct AgentRoutesTests {
    /// The example of seed 002, as written.
    static let seed = """
        {
        "name": "Backend Implementer",
        "slug": "backend-implementer",
        "model": { "provider": "openai", "model": "gpt-5.5-thinking", "temperature": 0.2 },
        "runtime": { "image": "nexus-agent-runner:latest", "cpu": "2", "memory": "4Gi", "timeout_minutes": 60 },
        "skills": ["rust-backend-development"],
        "memory_policy": { "read_scopes": ["global","project","agent_private"], "write_scopes": ["project","agent_private"], "auto_save": true },
        "tools": ["git","shell","cargo"],
        "permissions": { "can_commit": true, "can_open_pr": true, "can_merge": false }
        }
        """

    @Test func theSeedsExampleMakesTheAgentOfThatID() async throws {
        let bench = try await TestBench([AgentsService.self])
        let answer = try await bench.send(.agents, .post, "/agents-api", json: Self.seed)
        #expect(answer.status == 201)
        let agent = try answer.decoded(Agent.self)
        #expect(agent.id == "agent_backend_implementer")
        #expect(agent.memoryPolicy.readScopes == [.global, .project, .agentPrivate])
        #expect(answer.header("location") == "/agents-api/agent_backend_implementer")
        let bySlug = try await bench.send(.agents, .get, "/agents-api/backend-implementer")
        #expect(bySlug.status == 200)
        #expect(bySlug.bytes == answer.bytes)
        await bench.stop()
    }

    @Test func aRepeatedKeyGivesTheFirstAnswerAgain() async throws {
        let bench = try await TestBench([AgentsService.self])
        let key = [("idempotency-key", "k1")]
        let first = try await bench.send(.agents, .post, "/agents-api", json: Self.seed, headers: key)
        let second = try await bench.send(.agents, .post, "/agents-api", json: Self.seed, headers: key)
        #expect(second.status == 201)
        #expect(second.bytes == first.bytes)
        #expect(second.header("idempotent-replayed") == "true")
        let other = try await bench.send(.agents, .post, "/agents-api", json: #"{"name":"x"}"#, headers: key)
        #expect(other.status == 409)
        await bench.stop()
    }

    @Test func badBodiesNameTheField() async throws {
        let bench = try await TestBench([AgentsService.self])
        for (body, field) in [
            (#"{"model":{"provider":"runbook"}}"#, "name"),
            (#"{"name":"x","model":{"provider":"magic"}}"#, "model.provider"),
            (#"{"name":"x","model":{"provider":"runbook"},"tools":["nonsense"]}"#, "tools[0]"),
            (#"{"name":"x","model":{"provider":"runbook"},"max_concurrent_runs":0}"#, "max_concurrent_runs"),
            (#"{"name":"x","model":{"provider":"command"}}"#, "model.command"),
            (#"{"name":" ","model":{"provider":"runbook"}}"#, "name"),
        ] {
            let answer = try await bench.send(.agents, .post, "/agents-api", json: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        #expect(try await bench.send(.agents, .get, "/agents-api").json()["agents"] == .array([]))
        await bench.stop()
    }

    @Test func aStaleChangeIsRefusedAndChangesNothing() async throws {
        let bench = try await TestBench([AgentsService.self])
        let created = try await bench.send(.agents, .post, "/agents-api", json: Self.seed)
        let tag = created.header("etag") ?? ""
        let path = "/agents-api/agent_backend_implementer"
        #expect(try await bench.send(.agents, .get, path, headers: [("if-none-match", tag)]).status == 304)
        let changed = try await bench.send(.agents, .patch, path, json: #"{"name":"B"}"#, headers: [("if-match", tag)])
        #expect(changed.status == 200)
        let stale = try await bench.send(.agents, .patch, path, json: #"{"name":"C"}"#, headers: [("if-match", tag)])
        #expect(stale.status == 412)
        #expect(try await bench.send(.agents, .get, path).decoded(Agent.self).name == "B")
        await bench.stop()
    }

    @Test func rolesAndWorkspacesHold() async throws {
        let bench = try await TestBench([AgentsService.self])
        #expect(try await bench.send(.agents, .post, "/agents-api", json: Self.seed, as: nil).status == 401)
        #expect(try await bench.send(.agents, .post, "/agents-api", json: "{", as: TestBench.user(.editor)).status == 403)
        #expect(try await bench.send(.agents, .post, "/agents-api", json: Self.seed, as: TestBench.user(.manager)).status == 201)
        let elsewhere = TestBench.user(.owner, workspace: "ws_other")
        #expect(try await bench.send(.agents, .get, "/agents-api/backend-implementer", as: elsewhere).status == 404)
        #expect(try await bench.send(.agents, .put, "/agents-api", json: "{}").status == 405)
        await bench.stop()
    }

    @Test func cloneEnableSkillsAndVersionsWork() async throws {
        let bench = try await TestBench([AgentsService.self])
        _ = try await bench.send(.agents, .post, "/agents-api", json: Self.seed)
        let path = "/agents-api/backend-implementer"
        let copy = try await bench.send(.agents, .post, path + "/clone", json: #"{"name":"Second One"}"#)
        #expect(try copy.decoded(Agent.self).id == "agent_second_one")
        #expect(try await bench.send(.agents, .post, path + "/clone", json: #"{"slug":"second-one"}"#).status == 409)
        #expect(try await bench.send(.agents, .post, path + "/disable").decoded(Agent.self).enabled == false)
        let added = try await bench.send(.agents, .post, path + "/skills", json: #"{"skills":["b@1.0.0"]}"#)
        #expect(try added.decoded(Agent.self).skills == ["rust-backend-development", "b@1.0.0"])
        #expect(try await bench.send(.agents, .delete, path + "/skills/b").status == 204)
        #expect(try await bench.send(.agents, .delete, path + "/skills/b").status == 404)
        guard case .array(let versions) = try await bench.send(.agents, .get, path + "/versions").json()["versions"] else {
            Issue.record("no versions")
            return
        }
        #expect(versions.count == 3)
        #expect(try await bench.send(.agents, .get, path + "/usage").decoded(AgentUsage.self).runs == 0)
        await bench.stop()
    }
}
