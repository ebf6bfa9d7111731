import HTTP
import Models
import SuiteTesting
import Testing

/// The crews' issue reference (seed 003), endpoint by endpoint: crews, what hangs on issues, and what agents do about them.
@Suite(.serialized) struct CrewsPartsReferenceTests {
    private static let issues = CrewsReferenceTests.issues

    @Test func crewsAreMadeChangedAndDeletedAndHaveMembers() async throws {
        let reference = try await Reference()
        let made = try await reference.make(
            "/api/v1/crews",
            """
            {"name":"Platform Team","issue_prefix":"plat","color":"#00ff00","lead_agent_id":"ux-writer",
             "agent_ids":["frontend-dev"]}
            """
        )
        #expect(made.text("slug") == "platform-team" && made.text("issue_prefix") == "PLAT")
        #expect(made["agent_ids"]?.items.count == 2 && made.text("lead_agent_id") == "agent_ux_writer")
        let path = "/api/v1/crews/\(made.text("id"))"
        #expect(try await reference.get("/api/v1/crews").items.map { $0.text("id") } == [made.text("id")])
        let issue = try await reference.make("\(path)/issues", #"{"title":"T"}"#)
        #expect(issue.text("identifier") == "PLAT-1")
        let members = try await reference.get("\(path)/members").items
        #expect(members.map { $0.text("role") } == ["LEAD", "MEMBER"])
        try await reference.expect([
            (.put, path, #"{"description":"D"}"#, 200), (.patch, path, #"{"lead_agent_id":""}"#, 200),
            (.post, "\(path)/issues", #"{"title":"T"}"#, 400),
            (.post, "\(path)/members", #"{"agent_id":"ux-writer","role":"LEAD"}"#, 201),
            (.post, "\(path)/members", #"{"agent_id":"nobody"}"#, 400),
            (.delete, "\(path)/members/frontend-dev", nil, 204), (.delete, "\(path)/members/frontend-dev", nil, 404),
            (.post, "\(path)/members", #"{"agent_id":"frontend-dev"}"#, 201), (.delete, "\(path)/members", nil, 400),
            (.delete, "\(path)/members?agent_id=frontend-dev", nil, 204),
            (.post, "/api/v1/crews", #"{"name":"Platform Team"}"#, 409), (.post, "/api/v1/crews", "{}", 400),
            (.post, "/api/v1/crews", #"{"name":"X","issue_prefix":"a-b"}"#, 400),
            (.post, "/api/v1/crews", #"{"name":"X","agent_ids":["nobody"]}"#, 400), (.get, "/api/v1/crews/none", nil, 404),
            (.delete, path, nil, 409), (.delete, "\(path)/issues/PLAT-1", nil, 204), (.delete, path, nil, 204),
            (.get, path, nil, 404),
        ])
        try await reference.expectRole(.post, "/api/v1/crews", refused: reference.editor)
        await reference.suite.stop()
    }

    @Test func labelsAreUniqueInTheirWorkspaceAndGoFromTheirIssues() async throws {
        let reference = try await CrewsReferenceTests.reference()
        let label = try await reference.make("/api/v1/labels", ##"{"name":"bug","color":"#f00","label_group":"kind"}"##)
        let id = label.text("id")
        try await CrewsReferenceTests.issue(reference, ",\"labels\":[\"\(id)\"]")
        #expect(try await reference.get("/api/v1/issues?label=bug").items.count == 1)
        try await reference.expect([
            (.post, "/api/v1/labels", #"{"name":"bug"}"#, 409), (.post, "/api/v1/labels", "{}", 400),
            (.post, "/api/v1/labels", ##"{"name":"x","color":"#12"}"##, 400), (.patch, "/api/v1/labels/none", "{}", 404),
            (.patch, "/api/v1/labels/\(id)", #"{"name":"defect"}"#, 200),
        ])
        #expect(try await reference.get("/api/v1/labels").items.map { $0.text("name") } == ["defect"])
        #expect(try await reference.get("/api/v1/issues/ENG-1")["labels"]?.items.first?.text("name") == "defect")
        #expect(try await reference.call(.delete, "/api/v1/labels/\(id)").status == 204)
        #expect(try await reference.get("/api/v1/issues/ENG-1")["labels"] == .array([]))
        await reference.suite.stop()
    }

    @Test func milestonesCountTheirIssuesAndProjectsHaveStats() async throws {
        let reference = try await CrewsReferenceTests.reference()
        let path = "/api/v1/projects/nexus/milestones"
        let made = try await reference.make(path, #"{"name":"Beta","target_date":"2027-03-01"}"#)
        let id = made.text("id")
        #expect(made["issue_count"]?.integer == 0 && made["done_count"]?.integer == 0)
        for _ in 0..<2 {
            try await CrewsReferenceTests.issue(
                reference, ",\"project_id\":\"nexus\",\"milestone_id\":\"\(id)\",\"estimate\":3")
        }
        for status in ["IN_PROGRESS", "DONE"] {
            _ = try await reference.call(.patch, "\(Self.issues)/ENG-1", "{\"status\":\"\(status)\"}")
        }
        let shown = try await reference.get(path).items
        #expect(shown.first?["issue_count"]?.integer == 2 && shown.first?["done_count"]?.integer == 1)
        let stats = try await reference.get("/api/v1/projects/nexus/stats")
        #expect(stats["issue_count"]?.integer == 2 && stats["progress_percent"]?.integer == 50)
        #expect(stats["by_status"]?["DONE"]?.integer == 1 && stats["estimate_done"]?.integer == 3)
        try await reference.expect([
            (.post, path, "{}", 400), (.post, path, #"{"name":"M","target_date":"x"}"#, 400),
            (.post, "/api/v1/projects/none/milestones", #"{"name":"M"}"#, 404),
            (.patch, "/api/v1/milestones/\(id)", #"{"status":"completed","position":7}"#, 200),
            (.patch, "/api/v1/milestones/none", "{}", 404), (.delete, "/api/v1/milestones/\(id)", nil, 204),
            (.delete, "/api/v1/milestones/\(id)", nil, 404), (.get, "/api/v1/projects/none/stats", nil, 404),
        ])
        #expect(try await reference.get("/api/v1/issues/ENG-2")["milestone_id"] == .null)
        await reference.suite.stop()
    }

    @Test func projectsAreTheSameOnThisSurface() async throws {
        let reference = try await Reference()
        let made = try await reference.make("/api/v1/projects", #"{"name":"Apollo"}"#)
        let path = "/api/v1/projects/\(made.text("id"))"
        #expect(try await reference.get("/api/v1/projects").items.map { $0.text("name") }.sorted() == ["Apollo", "Nexus"])
        #expect(try await reference.get("/api/projects/apollo").text("id") == made.text("id"))
        try await reference.expect([
            (.patch, path, #"{"name":"Gemini"}"#, 200), (.get, path, nil, 200), (.delete, path, nil, 204), (.get, path, nil, 404),
        ])
        try await reference.expectRole(.post, "/api/v1/projects", refused: reference.editor)
        await reference.suite.stop()
    }

    @Test func relationsAreShownFlippedFromTheOtherSide() async throws {
        let reference = try await CrewsReferenceTests.reference()
        for _ in 0..<2 { try await CrewsReferenceTests.issue(reference) }
        let (one, two) = ("\(Self.issues)/ENG-1/relations", "\(Self.issues)/ENG-2/relations")
        for (type, flipped) in [
            ("blocks", "blocked_by"), ("blocked_by", "blocks"), ("relates_to", "relates_to"), ("duplicate_of", "duplicated_by"),
        ] {
            let body = "{\"target_identifier\":\"ENG-2\",\"relation_type\":\"\(type)\"}"
            let made = try await reference.make(one, body)
            #expect(made.text("relation_type") == type && made.text("target_identifier") == "ENG-2")
            #expect(try await reference.get(two).items.map { $0.text("relation_type") } == [flipped])
            try await reference.expect([
                (.post, one, body, 409), (.delete, "/api/v1/relations/\(made.text("id"))", nil, 200),
                (.delete, "/api/v1/relations/\(made.text("id"))", nil, 404),
            ])
        }
        try await reference.expect([
            (.post, one, #"{"target_identifier":"ENG-1","relation_type":"blocks"}"#, 400),
            (.post, one, #"{"target_identifier":"ENG-9","relation_type":"blocks"}"#, 400),
            (.post, one, #"{"target_identifier":"ENG-2","relation_type":"x"}"#, 400), (.post, one, "{}", 400),
        ])
        try await reference.make(one, #"{"target_identifier":"ENG-2","relation_type":"relates_to"}"#)
        try await reference.expect([(.post, two, #"{"target_identifier":"ENG-1","relation_type":"relates_to"}"#, 409)])
        await reference.suite.stop()
    }

    @Test func commentsHistorySubIssuesAndCodeLinksHangOnTheirIssue() async throws {
        let reference = try await CrewsReferenceTests.reference()
        let parent = try await reference.make(Self.issues, #"{"title":"Parent"}"#).text("id")
        for (title, order) in [("last", 9), ("first", 1), ("middle", 5)] {
            try await reference.make(
                Self.issues, "{\"title\":\"\(title)\",\"parent_issue_id\":\"\(parent)\",\"sort_order\":\(order)}")
        }
        let path = "\(Self.issues)/ENG-1"
        #expect(try await reference.get("\(path)/subtasks").items.map { $0.text("title") } == ["first", "middle", "last"])
        #expect(try await reference.get("\(Self.issues)/ENG-2/subtasks") == .array([]))
        #expect(try await reference.get(path)["sub_issues_count"]?.integer == 3)
        let comment = try await reference.make("\(path)/comments", #"{"body":"Hello"}"#)
        #expect(comment.text("body") == "Hello" && comment.text("author_type") == "user")
        #expect(try await reference.get("\(path)/comments").items.count == 1)
        #expect(try await reference.get(path)["comment_count"]?.integer == 1)
        let link = try await reference.make("\(path)/code-links", #"{"url":"https://github.com/o/r/pull/7"}"#)
        #expect(link["number"]?.integer == 7 && link.text("provider") == "github" && link.text("repository") == "o/r")
        _ = try await reference.call(.patch, path, #"{"status":"TODO","priority":"high"}"#)
        let actions = try await reference.get("\(path)/activity").items.map { $0.text("action") }
        #expect(Set(actions) == ["created", "commented", "code_linked", "status_changed", "priority_changed"])
        try await reference.expect([
            (.get, "\(Self.issues)/ENG-9/subtasks", nil, 404), (.post, "\(path)/comments", "{}", 400),
            (.get, "\(Self.issues)/ENG-9/comments", nil, 404), (.get, "\(Self.issues)/ENG-9/activity", nil, 404),
            (.post, "\(path)/code-links", #"{"url":"nothing"}"#, 400),
            (.post, "\(path)/code-links", #"{"url":"https://github.com/o/r/pull/7"}"#, 409),
            (.delete, "\(path)/code-links/\(link.text("id"))", nil, 204),
            (.delete, "\(path)/code-links/\(link.text("id"))", nil, 404),
        ])
        let file = try await reference.upload("\(path)/attachments", "a b.txt", Array("text".utf8))
        #expect(file.status == 201, "\(file.text)")
        let attachment = "\(path)/attachments/\(try file.json().text("id"))"
        #expect(try await reference.get("\(path)/attachments").items.count == 1)
        #expect(try await reference.call(.get, attachment).text == "text")
        try await reference.expect([(.delete, attachment, nil, 204), (.get, attachment, nil, 404)])
        await reference.suite.stop()
    }

    @Test func anIssueIsStartedWorkedOnReviewedAndApproved() async throws {
        let reference = try await CrewsReferenceTests.reference()
        let path = "\(Self.issues)/ENG-1"
        let work = "```sh\\necho done\\n```"
        try await CrewsReferenceTests.issue(reference, ",\"description\":\"\(work)\"")
        try await reference.expect([(.post, "\(path)/start", nil, 400), (.post, "\(path)/stop", nil, 400)])
        _ = try await reference.call(.patch, path, #"{"assignee_type":"agent","assignee_id":"frontend-dev"}"#)
        #expect(try await reference.get("\(path)/runs") == .array([]))
        let started = try await reference.call(.post, "\(path)/start")
        #expect(started.status == 200, "\(started.text)")
        #expect(try started.json() == .object(["status": .string("IN_PROGRESS"), "identifier": .string("ENG-1")]))
        try await reference.expect([(.post, "\(path)/start", nil, 409)])
        _ = try await reference.eventually(path, "status", is: "REVIEW")
        let runs = try await reference.get("\(path)/runs").items
        #expect(runs.count == 1 && runs.first?.text("agent_id") == "agent_frontend_dev")
        let comment = try await reference.get("\(path)/comments").items.last
        #expect(comment?.text("author_type") == "agent" && comment?.text("authored_via") == "agent_tool_call")
        try await reference.expect([
            (.post, "\(path)/review", "{}", 400), (.post, "\(path)/review", #"{"action":"shrug"}"#, 400),
            (.post, "\(path)/review", #"{"action":"request_changes","reassign_to":"nobody"}"#, 400),
        ])
        let changes = try await reference.call(
            .post, "\(path)/review", #"{"action":"request_changes","comment":"Once more","reassign_to":"ux-writer"}"#)
        #expect(try changes.json().text("status") == "TODO", "\(changes.text)")
        let again = try await reference.suite.eventually("\(path)/runs", token: reference.manager) {
            try $0.json().items.count == 2
        }
        #expect(try again.json().items.first?.text("agent_id") == "agent_ux_writer")
        _ = try await reference.eventually(path, "status", is: "REVIEW")
        let approved = try await reference.call(.post, "\(path)/review", #"{"action":"approve"}"#)
        #expect(try approved.json().text("status") == "DONE", "\(approved.text)")
        try await reference.expect([(.post, "\(path)/review", #"{"action":"approve"}"#, 400)])
        try await reference.expectRole(.post, "\(path)/start", refused: reference.editor)
        await reference.suite.stop()
    }

    @Test func stoppingCancelsTheWork() async throws {
        let reference = try await CrewsReferenceTests.reference()
        try await CrewsReferenceTests.issue(
            reference, ",\"assignee_id\":\"ux-writer\",\"description\":\"```sh\\nsleep 600\\n```\"")
        let path = "\(Self.issues)/ENG-1"
        #expect(try await reference.call(.post, "\(path)/start").status == 200)
        let running = try await reference.suite.eventually("\(path)/runs", token: reference.manager) {
            try $0.json().items.first?.text("status") == "running"
        }
        let run = try #require(try running.json().items.first?.text("id"))
        let stopped = try await reference.call(.post, "\(path)/stop")
        #expect(try stopped.json().text("status") == "CANCELLED", "\(stopped.text)")
        _ = try await reference.eventually("/runs-api/\(run)", "status", is: "cancelled")
        #expect(try await reference.get(path).text("status") == "CANCELLED")
        await reference.suite.stop()
    }

    @Test func aRoutineRunsItsTasksInOrderForTheLead() async throws {
        let reference = try await CrewsReferenceTests.reference()
        let routine = try await reference.make(
            "/api/v1/routines",
            """
            {"name":"Release","inputs":[{"name":"version","required":true}],
             "tasks":[{"title":"Tag {{version}}","description":"```sh\\necho tag {{version}}\\n```"},
                      {"title":"Tell","description":"```sh\\necho tell\\n```"}]}
            """)
        let id = routine.text("id")
        try await CrewsReferenceTests.issue(reference, ",\"routine_id\":\"\(id)\"")
        let path = "\(Self.issues)/ENG-1"
        try await reference.expect([(.post, "\(path)/run-routine", nil, 400)])
        _ = try await reference.call(.patch, path, #"{"routine_inputs":{"version":"1.2"}}"#)
        let answer = try await reference.call(.post, "\(path)/run-routine")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json()["task_ids"]?.items.count == 2)
        _ = try await reference.eventually(path, "status", is: "REVIEW")
        let runs = try await reference.get("\(path)/runs").items
        #expect(runs.count == 2 && runs.allSatisfy { $0.text("agent_id") == "agent_ux_writer" })
        let issue = try await reference.get(path).text("id")
        let tasks = try await reference.get("/tasks-api?issue_id=\(issue)")["tasks"]?.items
        #expect(Set(tasks?.map { $0.text("title") } ?? []) == ["Tag 1.2", "Tell"])
        try await CrewsReferenceTests.issue(reference)
        try await reference.expect([
            (.post, "\(Self.issues)/ENG-2/run-routine", nil, 400), (.get, "/api/v1/routines/\(id)", nil, 200),
            (.patch, "/api/v1/routines/\(id)", #"{"description":"D"}"#, 200),
            (.patch, "/api/v1/routines/\(id)", #"{"tasks":[]}"#, 400), (.post, "/api/v1/routines", "{}", 400),
            (.delete, "/api/v1/routines/\(id)", nil, 204), (.get, "/api/v1/routines/\(id)", nil, 404),
        ])
        #expect(try await reference.get(path)["routine_id"] == nil)
        await reference.suite.stop()
    }
}
