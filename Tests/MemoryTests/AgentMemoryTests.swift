import HTTP
import Identity
import Models
import SuiteTesting
import Testing

@testable import Memory

/// The memory scope as agents' tokens use it, and the queue of what they may not save by themselves.
@Suite struct AgentMemoryTests {
    @Test func anAgentReadsWhatItsPolicyLetsIt() async throws {
        let bench = try await FakePeers.bench()
        let everyones = try await bench.remember(#"{"content":"word for all"}"#)
        let own = try await bench.remember(#"{"content":"word of the project","project_id":"proj_1"}"#)
        let other = try await bench.remember(#"{"content":"word of another project","project_id":"proj_2"}"#)
        let mine = try await bench.remember(#"{"content":"word of mine","agent_id":"agent_a"}"#)
        let theirs = try await bench.remember(#"{"content":"word of theirs","agent_id":"agent_b"}"#)
        let all = FakePeers.agent()
        for (memory, status) in [(everyones, UInt16(200)), (own, 200), (other, 404), (mine, 200), (theirs, 404)] {
            #expect(try await bench.send(.memory, .get, "/memory-api/\(memory.id)", as: all).status == status)
        }
        #expect(Set(try await bench.found("q=word", as: all)) == ["word for all", "word of the project", "word of mine"])
        #expect(try await bench.found("q=word", as: FakePeers.agent(reads: ["project"])) == ["word of the project"])
        #expect(try await bench.found("q=word", as: FakePeers.agent(reads: [])) == [])
        let page = try await bench.send(.memory, .get, "/memory-api?project_id=proj_2", as: all)
        #expect(try page.json()["memories"] == .array([]))
        await bench.stop()
    }

    @Test func anAgentWritesWhatItsPolicyLetsIt() async throws {
        let bench = try await FakePeers.bench()
        let agent = FakePeers.agent()
        let saved = try await bench.send(.memory, .post, "/memory-api", json: #"{"content":"a","scope":"project"}"#, as: agent)
        #expect(saved.status == 201)
        let memory = try saved.decoded(Models.Memory.self)
        #expect(memory.projectID == "proj_1")
        #expect(memory.runID == "run_1")
        #expect(memory.createdBy?.type == .agent)
        let own = try await bench.send(
            .memory, .post, "/memory-api", json: #"{"content":"b","scope":"agent_private"}"#, as: agent)
        #expect(try own.decoded(Models.Memory.self).agentID == "agent_a")
        for body in [
            #"{"content":"c"}"#, #"{"content":"c","project_id":"proj_2"}"#, #"{"content":"c","agent_id":"agent_b"}"#,
        ] {
            #expect(try await bench.send(.memory, .post, "/memory-api", json: body, as: agent).status == 403, "\(body)")
        }
        let path = "/memory-api/\(memory.id)"
        #expect(try await bench.send(.memory, .patch, path, json: #"{"content":"d"}"#, as: agent).status == 200)
        #expect(try await bench.send(.memory, .patch, path, json: #"{"scope":"global"}"#, as: agent).status == 403)
        #expect(try await bench.send(.memory, .delete, path, as: agent).status == 403)
        let reader = FakePeers.agent(writes: ["agent_private"])
        #expect(try await bench.send(.memory, .patch, path, json: #"{"content":"e"}"#, as: reader).status == 403)
        let everyones = try await bench.remember(#"{"content":"for all"}"#)
        #expect(try await bench.send(.memory, .patch, "/memory-api/\(everyones.id)", json: "{}", as: agent).status == 403)
        #expect(try await bench.send(.memory, .get, path).decoded(Models.Memory.self).content == "d")
        await bench.stop()
    }

    @Test func whatMayNotBeSavedWaitsForAHuman() async throws {
        let bench = try await FakePeers.bench()
        let agent = FakePeers.agent("agent_b")
        let asked = try await bench.send(
            .memory, .post, "/memory-api", json: #"{"content":"use tabs","scope":"project"}"#, as: agent)
        #expect(asked.status == 202)
        let approval = try asked.decoded(MemoryApproval.self)
        #expect(asked.header("location") == "/memory-api/approvals/\(approval.id)")
        #expect(approval.status == .pending)
        #expect(try await bench.send(.memory, .get, "/memory-api").json()["memories"] == .array([]))
        #expect(try await bench.send(.memory, .get, "/memory-api/\(approval.memory.id)").status == 404)
        #expect(try await bench.found("q=tabs") == [])

        let path = "/memory-api/approvals/\(approval.id)"
        guard case .array(let queue) = try await bench.send(.memory, .get, "/memory-api/approvals").json()["approvals"] else {
            Issue.record("no approvals")
            return
        }
        #expect(queue.compactMap { $0["id"]?.string } == [approval.id])
        #expect(try await bench.send(.memory, .post, path + "/approve", as: agent).status == 403)
        #expect(try await bench.send(.memory, .post, path + "/approve", as: TestBench.user(.editor)).status == 403)
        let decided = try await bench.send(.memory, .post, path + "/approve", as: TestBench.user(.manager))
        #expect(try decided.decoded(MemoryApproval.self).status == .approved)
        #expect(try await bench.found("q=tabs", as: agent) == ["use tabs"])
        #expect(try await bench.send(.memory, .get, "/memory-api/\(approval.memory.id)").status == 200)
        #expect(try await bench.send(.memory, .post, path + "/reject").status == 409)
        #expect(try await bench.send(.memory, .get, "/memory-api/approvals").json()["approvals"] == .array([]))
        #expect(try await bench.send(.memory, .get, path).status == 200)
        let changed = try await bench.send(
            .memory, .patch, "/memory-api/\(approval.memory.id)", json: #"{"content":"use spaces"}"#, as: agent)
        #expect(changed.status == 403)
        await bench.stop()
    }

    @Test func whatIsRejectedIsNeverRemembered() async throws {
        let bench = try await FakePeers.bench()
        let asked = try await bench.send(
            .memory, .post, "/memory-api", json: #"{"content":"x","scope":"project"}"#, as: FakePeers.agent("agent_b"))
        let approval = try asked.decoded(MemoryApproval.self)
        let path = "/memory-api/approvals/\(approval.id)"
        let rejected = try await bench.send(.memory, .post, path + "/reject", json: #"{"reason":"not so"}"#)
        #expect(try rejected.decoded(MemoryApproval.self).reason == "not so")
        #expect(try await bench.send(.memory, .post, path + "/approve").status == 409)
        #expect(try await bench.send(.memory, .get, "/memory-api/\(approval.memory.id)").status == 404)
        #expect(try await bench.send(.memory, .get, "/memory-api/approvals?status=rejected").text.contains(approval.id))
        #expect(try await bench.send(.memory, .post, "/memory-api/approvals/mappr_none/approve").status == 404)
        await bench.stop()
    }
}
