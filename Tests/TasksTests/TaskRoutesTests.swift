import Identity
import Models
import SuiteTesting
import Tasks
import Testing

/// The tasks scope and the workspace surface through their router.
@Suite struct TaskRoutesTests {
    @Test func aTaskIsReadyUnlessItSaysDraftOrWaits() async throws {
        let bench = try await TasksBench()
        let made = try await bench.send(.post, "/tasks-api", #"{"title":"A","agent_id":"alpha","project_id":"nexus"}"#)
        #expect(made.status == 201)
        let first = try made.decoded(AgentTask.self)
        #expect(first.status == .ready && first.agentID == "agent_alpha" && first.projectID == "proj_1")
        #expect(made.header("location") == "/tasks-api/\(first.id)")
        #expect(try await bench.send(.get, "/tasks-api/\(first.id)").bytes == made.bytes)
        #expect(try await bench.make(#"{"title":"B","status":"draft"}"#).status == .draft)
        let waiting = try await bench.make(#"{"title":"C","depends_on":["\#(first.id)"]}"#)
        #expect(waiting.status == .blocked)
        await bench.bench.stop()
    }

    @Test func badBodiesNameTheFieldAndChangeNothing() async throws {
        let bench = try await TasksBench()
        for (body, field) in [
            (#"{}"#, "title"), (#"{"title":"  "}"#, "title"), (#"{"title":7}"#, "title"),
            (#"{"title":"x","status":"running"}"#, "status"), (#"{"title":"x","status":"nonsense"}"#, "status"),
            (#"{"title":"x","agent_id":"agent_nobody"}"#, "agent_id"), (#"{"title":"x","agent_id":"../x"}"#, "agent_id"),
            (#"{"title":"x","project_id":"nowhere"}"#, "project_id"), (#"{"title":"x","goal_id":"goal_1"}"#, "goal_id"),
            (#"{"title":"x","issue_id":"issue_1"}"#, "issue_id"), (#"{"title":"x","depends_on":["task_x"]}"#, "depends_on"),
            (#"{"title":"x","position":-1}"#, "position"), (#"{"title":"x","priority":"huge"}"#, "priority"),
        ] {
            let answer = try await bench.send(.post, "/tasks-api", body)
            #expect(answer.status == 400, "\(body) \(answer.text)")
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        #expect(try await bench.send(.get, "/tasks-api").json()["tasks"] == .array([]))
        await bench.bench.stop()
    }

    @Test func rolesAreCheckedFirst() async throws {
        let bench = try await TasksBench()
        #expect(try await bench.send(.post, "/tasks-api", "{}", as: TestBench.user(.viewer)).status == 403)
        #expect(try await bench.send(.get, "/tasks-api", as: nil).status == 401)
        #expect(try await bench.send(.get, "/tasks-api", as: TestBench.user(.viewer)).status == 200)
        #expect(try await bench.send(.get, "/tasks-api/task_none").status == 404)
        #expect(try await bench.send(.put, "/tasks-api/task_none").status == 405)
        await bench.bench.stop()
    }

    @Test func anAgentSeesItsOwnTaskAndThoseOfItsProjectOnly() async throws {
        let bench = try await TasksBench()
        let own = try await bench.make(#"{"title":"own"}"#)
        let near = try await bench.make(#"{"title":"near","project_id":"proj_1"}"#)
        let far = try await bench.make(#"{"title":"far"}"#)
        let agent = Principal.agent(
            name: "alpha",
            run: RunBinding(
                runID: "run_1", attempt: 1, agentID: "agent_alpha", taskID: own.id, projectID: "proj_1", workspace: "default"))
        #expect(try await bench.send(.get, "/tasks-api/\(own.id)", as: agent).status == 200)
        #expect(try await bench.send(.get, "/tasks-api/\(near.id)", as: agent).status == 200)
        #expect(try await bench.send(.get, "/tasks-api/\(far.id)", as: agent).status == 404)
        #expect(try await bench.send(.get, "/api/projects/nexus/tasks", as: agent).status == 200)
        #expect(try await bench.send(.patch, "/tasks-api/\(own.id)", "{}", as: agent).status == 403)
        await bench.bench.stop()
    }

    @Test func listsFilterAndPage() async throws {
        let bench = try await TasksBench()
        for index in 0..<5 {
            _ = try await bench.make(#"{"title":"t\#(index)","chat_id":"chat_\#(index % 2)","agent_id":"alpha"}"#)
        }
        _ = try await bench.make(#"{"title":"d","status":"draft","project_id":"nexus"}"#)
        func titles(_ query: String) async throws -> [String] {
            struct Page: Decodable { let tasks: [AgentTask] }
            let answer = try await bench.send(.get, "/tasks-api?\(query)")
            #expect(answer.status == 200, "\(answer.text)")
            return try answer.decoded(Page.self).tasks.map(\.title)
        }
        #expect(try await titles("chat_id=chat_1").count == 2)
        #expect(try await titles("status=draft") == ["d"])
        #expect(try await titles("status=draft,ready").count == 6)
        #expect(try await titles("project_id=nexus") == ["d"])
        #expect(try await titles("project_id=nowhere") == [])
        #expect(try await titles("agent_id=alpha").count == 5)
        let first = try await bench.send(.get, "/tasks-api?limit=4").json()
        let cursor = try #require(first["next_cursor"]?.string)
        #expect(try await titles("limit=4&cursor=\(cursor)").count == 2)
        #expect(try await bench.send(.get, "/tasks-api?limit=0").status == 400)
        #expect(try await bench.send(.get, "/tasks-api?status=odd").status == 400)
        #expect(try await bench.send(.get, "/tasks-api?cursor=odd").status == 400)
        await bench.bench.stop()
    }

    @Test func aCycleIsRefusedAndNamed() async throws {
        let bench = try await TasksBench()
        let a = try await bench.make(#"{"title":"a"}"#)
        let b = try await bench.make(#"{"title":"b","depends_on":["\#(a.id)"]}"#)
        let c = try await bench.make(#"{"title":"c","depends_on":["\#(b.id)"]}"#)
        let answer = try await bench.send(.put, "/tasks-api/\(a.id)/dependencies", #"{"depends_on":["\#(c.id)"]}"#)
        #expect(answer.status == 409)
        #expect(answer.text.contains("\(a.id) → \(c.id) → \(b.id) → \(a.id)"), "\(answer.text)")
        let own = try await bench.send(.put, "/tasks-api/\(a.id)/dependencies", #"{"depends_on":["\#(a.id)"]}"#)
        #expect(own.status == 409)
        let unknown = try await bench.send(.put, "/tasks-api/\(a.id)/dependencies", #"{"depends_on":["task_x"]}"#)
        #expect(unknown.status == 400)
        let shown = try await bench.send(.get, "/tasks-api/\(b.id)/dependencies").decoded(TaskDependencies.self)
        #expect(shown == TaskDependencies(dependsOn: [a.id], waitingFor: [a.id], dependents: [c.id]))
        let freed = try await bench.send(.put, "/tasks-api/\(b.id)/dependencies", #"{"depends_on":[]}"#)
        #expect(freed.status == 200)
        #expect(try await bench.task(b.id).status == .ready)
        await bench.bench.stop()
    }

    @Test func completingByHandReleasesAndTheHistorySaysWhy() async throws {
        let bench = try await TasksBench()
        let a = try await bench.make(#"{"title":"a"}"#)
        let b = try await bench.make(#"{"title":"b","depends_on":["\#(a.id)"],"agent_id":"alpha","auto_start":true}"#)
        let stale = try await bench.send(.patch, "/tasks-api/\(a.id)", #"{"title":"x"}"#, headers: [("if-match", "\"no\"")])
        #expect(stale.status == 412)
        let done = try await bench.send(.patch, "/tasks-api/\(a.id)", #"{"status":"completed"}"#)
        #expect(try done.decoded(AgentTask.self).status == .completed)
        #expect(try await bench.task(b.id).status == .ready)
        #expect(try await bench.events("task.dispatch").map(\.subjectID) == [b.id])
        struct Page: Decodable { let history: [TaskTransition] }
        let history = try await bench.send(.get, "/tasks-api/\(b.id)/history").decoded(Page.self).history
        #expect(history.map(\.to) == [.blocked, .ready])
        #expect(history.map(\.from) == [nil, .blocked])
        #expect(history[1].reason.contains(a.id) && history[1].by == .suite)
        let again = try await bench.send(.patch, "/tasks-api/\(a.id)", #"{"status":"ready"}"#)
        #expect(again.status == 409)
        await bench.bench.stop()
    }

    @Test func deletingWhatRunsInterruptsItAndFreesWhatWaited() async throws {
        let bench = try await TasksBench()
        let a = try await bench.make(#"{"title":"a","agent_id":"alpha","auto_start":true}"#)
        let b = try await bench.make(#"{"title":"b","depends_on":["\#(a.id)"]}"#)
        try await bench.report("run.queued", TasksBench.makeRun("run_1", a.id, .queued))
        #expect(try await bench.send(.delete, "/tasks-api/\(a.id)").status == 204)
        #expect(try await bench.send(.get, "/tasks-api/\(a.id)").status == 404)
        #expect(try await bench.events("task.interrupted", "task.deleted").map(\.type) == ["task.interrupted", "task.deleted"])
        let freed = try await bench.task(b.id)
        #expect(freed.status == .ready && freed.dependsOn.isEmpty)
        await bench.bench.stop()
    }

    @Test func theWorkspaceSurfaceShowsTheSameTasksInItsWords() async throws {
        let bench = try await TasksBench()
        let made = try await bench.send(
            .post, "/api/tasks", #"{"title":"Review PR #42","description":"Check","agent_id":"alpha","chat_id":"chat_9"}"#)
        #expect(made.status == 201)
        let task = try made.decoded(WorkspaceTask.self)
        #expect(task.status == .pending)
        #expect(made.header("location") == "/api/tasks/\(task.id)" && made.header("etag") != nil)
        let list = try await bench.send(.get, "/api/tasks?chat_id=chat_9").decoded(WorkspaceTaskPage.self)
        #expect(list.tasks.map(\.id) == [task.id] && list.nextCursor == nil)
        #expect(try await bench.send(.get, "/api/tasks?chat_id=chat_9").text.hasSuffix(#""next_cursor":null}"#))
        #expect(try await bench.send(.post, "/api/tasks", #"{"title":"x","status":"completed"}"#).status == 400)
        #expect(try await bench.send(.post, "/api/tasks/\(task.id)/interrupt").status == 409)
        let running = try await bench.send(.patch, "/api/tasks/\(task.id)", #"{"status":"running"}"#)
        #expect(try running.decoded(WorkspaceTask.self).status == .running)
        let stopped = try await bench.send(.post, "/api/tasks/\(task.id)/interrupt")
        #expect(try stopped.decoded(WorkspaceTask.self).status == .interrupted)
        let pending = try await bench.send(.patch, "/api/tasks/\(task.id)", #"{"status":"pending"}"#)
        #expect(try pending.decoded(WorkspaceTask.self).status == .pending)
        #expect(try await bench.task(task.id).status == .ready)
        let done = try await bench.send(.patch, "/api/tasks/\(task.id)", #"{"status":"completed"}"#)
        #expect(try done.decoded(WorkspaceTask.self).status == .completed)
        #expect(try await bench.send(.delete, "/api/tasks/\(task.id)").status == 204)
        await bench.bench.stop()
    }

    @Test func aProjectsTasksAreMadeAndListedUnderIt() async throws {
        let bench = try await TasksBench()
        let made = try await bench.send(.post, "/api/projects/nexus/tasks", #"{"title":"t"}"#)
        #expect(try made.decoded(WorkspaceTask.self).projectID == "proj_1")
        _ = try await bench.make(#"{"title":"elsewhere"}"#)
        let list = try await bench.send(.get, "/api/projects/proj_1/tasks").decoded(WorkspaceTaskPage.self)
        #expect(list.tasks.map(\.title) == ["t"])
        #expect(try await bench.send(.get, "/api/projects/nowhere/tasks").status == 404)
        await bench.bench.stop()
    }
}
