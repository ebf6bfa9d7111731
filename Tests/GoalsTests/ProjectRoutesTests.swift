import Identity
import Models
import SuiteTesting
import Testing

/// Projects through their router.
@Suite struct ProjectRoutesTests {
    @Test func aListIsAsTheSeedShowsIt() async throws {
        let bench = try await GoalsBench()
        for name in ["Beta", "Gamma", "Beta"] {
            let made = try await bench.send(
                .goals, .post, "/api/projects", #"{"name":"\#(name)","description":"about \#(name)"}"#)
            #expect(made.status == 201)
        }
        func page(_ query: String) async throws -> ProjectPage {
            let answer = try await bench.send(.goals, .get, "/api/projects?\(query)")
            #expect(answer.status == 200, "\(answer.text)")
            return try answer.decoded(ProjectPage.self)
        }
        let all = try await page("")
        #expect(all.projects.map(\.slug) == ["beta-2", "gamma", "beta", "nexus"])
        #expect(all.total == 4 && all.limit == 20 && all.offset == 0 && all.nextCursor == nil)
        #expect(all.statusCounts == ProjectStatusCounts(pending: 4))
        let second = try await page("limit=2&offset=1")
        #expect(second.projects.map(\.slug) == ["gamma", "beta"] && second.total == 4)
        let cursor = try #require(try await page("limit=3").nextCursor)
        #expect(try await page("limit=3&cursor=\(cursor)").projects.map(\.slug) == ["nexus"])
        #expect(try await page("search=BETA").total == 2)
        #expect(try await page("status=running").projects.isEmpty)
        #expect(try await page("status=all&sort_by=name").projects.map(\.name) == ["Beta", "Beta", "Gamma", "Nexus"])
        for query in ["limit=0", "limit=201", "offset=-1", "sort_by=odd", "status=odd"] {
            #expect(try await bench.send(.goals, .get, "/api/projects?\(query)").status == 400, "\(query)")
        }
        await bench.bench.stop()
    }

    @Test func patchMergesAndPutReplacesWhatItNames() async throws {
        let bench = try await GoalsBench()
        let made = try await bench.send(
            .goals, .post, "/api/projects",
            #"{"name":"Backend API","description":"Main","repo_url":"https://github.com/org/repo","agent_ids":["builder"]}"#)
        let project = try made.decoded(Project.self)
        #expect(project.agentIDs == ["agent_builder"] && made.header("location") == "/api/projects/\(project.id)")
        let patched = try await bench.send(.goals, .patch, "/api/projects/backend-api", #"{"name":"Backend API v2"}"#)
        let after = try patched.decoded(Project.self)
        #expect(after.name == "Backend API v2" && after.slug == "backend-api" && after.description == "Main")
        let put = try await bench.send(.goals, .put, "/api/projects/\(project.id)", #"{"repo_url":null,"strategy":"cost"}"#)
        #expect(try put.decoded(Project.self).repoURL == nil)
        #expect(try await bench.send(.goals, .patch, "/api/projects/backend-api", #"{"slug":"nexus"}"#).status == 409)
        #expect(try await bench.send(.goals, .post, "/api/projects", #"{"slug":"nexus"}"#).status == 409)
        for (body, field) in [
            (#"{"agent_ids":["nobody"]}"#, "agent_ids"), (#"{"agent_id":"nobody"}"#, "agent_id"), (#"{"name":null}"#, "name"),
            (#"{"strategy":"odd"}"#, "strategy"),
        ] {
            let answer = try await bench.send(.goals, .patch, "/api/projects/backend-api", body)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        struct Agents: Decodable { let agents: [Agent] }
        let agents = try await bench.send(.goals, .get, "/api/projects/backend-api/agents").decoded(Agents.self)
        #expect(agents.agents.map(\.slug) == ["builder"])
        await bench.bench.stop()
    }

    @Test func aDeletedProjectTakesGoalsTasksAndApprovalsAlong() async throws {
        let bench = try await GoalsBench()
        let plan = try await bench.release()
        #expect(try await bench.send(.goals, .delete, "/api/projects/nexus").status == 204)
        #expect(try await bench.send(.goals, .get, "/api/projects/nexus").status == 404)
        #expect(try await bench.send(.goals, .get, "/goals-api/\(plan.goal.id)").status == 404)
        #expect(try await bench.send(.tasks, .get, "/tasks-api/\(plan.tasks[0].id)").status == 404)
        #expect(try await bench.approval(plan.goal.approvalID).status == .cancelled)
        await bench.bench.stop()
    }

    @Test func whoMayNotIsRefused() async throws {
        let bench = try await GoalsBench()
        let viewer = TestBench.user(.viewer)
        #expect(try await bench.send(.goals, .get, "/api/projects", as: viewer).status == 200)
        #expect(try await bench.send(.goals, .post, "/api/projects", "{}", as: viewer).status == 403)
        #expect(try await bench.send(.goals, .get, "/api/projects", as: nil).status == 401)
        let elsewhere = TestBench.user(.owner, workspace: "other")
        #expect(try await bench.send(.goals, .get, "/api/projects/nexus", as: elsewhere).status == 404)
        let agent = Principal.agent(
            name: "builder",
            run: RunBinding(
                runID: "run_1", attempt: 1, agentID: "agent_builder", taskID: "task_1", projectID: "proj_x", workspace: "default")
        )
        #expect(try await bench.send(.goals, .get, "/api/projects/nexus", as: agent).status == 404)
        #expect(try await bench.send(.goals, .get, "/api/projects", as: agent).status == 403)
        await bench.bench.stop()
    }
}
