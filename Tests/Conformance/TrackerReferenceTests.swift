import HTTP
import Models
import SuiteTesting
import Testing

/// The issue tracker's reference (seed 001), endpoint by endpoint; its example as written.
@Suite(.serialized) struct TrackerReferenceTests {
    static let issueA = #"""
        curl -X POST https://your-exolvra.example/api/projects/proj_123/issues \
          -H "Authorization: Bearer exou_..." \
          -H "Content-Type: application/json" \
          -d '{
            "title": "Draft pricing page copy",
            "description": "Write the headline, value props, and FAQ for the new pricing page.",
            "assignedAgentId": "ux-writer"
          }'
        """#
    static let issueB = #"""
        curl -X POST https://your-exolvra.example/api/projects/proj_123/issues \
          -H "Authorization: Bearer exou_..." \
          -H "Content-Type: application/json" \
          -d '{
            "title": "Implement pricing page",
            "description": "Build the pricing page using the approved copy from the previous issue.",
            "assignedAgentId": "frontend-dev",
            "blockedByIssueId": "issue_a1"
          }'
        """#
    static let upload = #"""
        curl -X POST https://your-exolvra.example/api/projects/issues/issue_123/attachments \
          -H "Authorization: Bearer exou_..." \
          -F "file=@./screenshot.png"
        """#

    private func run(_ example: String, _ curl: Curl, _ project: String) async throws -> JSONValue {
        try await curl.run(
            example.replacing("https://your-exolvra.example", with: "https://api.nexus.dev")
                .replacing("exou_...", with: "$JWT").replacing("proj_123", with: project)
        ).json()
    }

    @Test func theDependencyChainRunsAsWrittenAndItsAgentsTakeTheIssuesUpInThatOrder() async throws {
        let reference = try await Reference()
        let curl = try await Curl(reference.suite)
        // Nobody is at work while the chain is made: the first agent's run would end before the second issue is there.
        #expect(try await reference.call(.post, "/agents-api/ux-writer/disable").status == 200)
        let a = try await run(Self.issueA, curl, "nexus")
        #expect(a.text("status") == "Open" && a.text("assignedAgentId") == "agent_ux_writer")
        let b = try await run(Self.issueB.replacing("issue_a1", with: a.text("id")), curl, "nexus")
        #expect(b.text("status") == "WaitingOnDependency")
        #expect(b["links"]?.items.first?.text("linkType") == "BlockedBy")
        #expect(try await reference.call(.post, "/agents-api/ux-writer/enable").status == 200)
        let done = try await reference.eventually("/api/projects/issues/\(b.text("id"))", "status", is: "Resolved")
        let first = try await reference.get("/api/projects/issues/\(a.text("id"))")
        #expect(first.text("status") == "Resolved")
        #expect(first.text("completedAt") < done.text("completedAt"))
        let comments = try await reference.get("/api/projects/issues/\(a.text("id"))/comments").items
        #expect(comments.first?.text("content") == "Half done" && comments.first?.text("authorType") == "Agent")
        #expect(comments.allSatisfy { $0.text("authoredVia") == "agent_tool_call" })
        let timeline = try await reference.get("/api/projects/issues/\(b.text("id"))/activity").items
        #expect(timeline.contains { $0.text("from") == "WaitingOnDependency" && $0.text("to") == "Open" })
        #expect(timeline.contains { $0.text("to") == "Resolved" && $0.text("actorId") == "agent_frontend_dev" })
        await reference.suite.stop()
    }

    @Test func issuesAreListedByStatusAndAssignee() async throws {
        let reference = try await Reference()
        for (title, more) in [("A", ""), ("B", ",\"assigneeUserId\":\"user_7\""), ("C", "")] {
            try await reference.make("/api/projects/nexus/issues", "{\"title\":\"\(title)\"\(more)}")
        }
        let all = try await reference.get("/api/projects/nexus/issues").items
        #expect(all.map { $0.text("title") } == ["C", "B", "A"])
        let fields: Set<String> = [
            "id", "title", "description", "status", "assignee", "links", "createdAt", "updatedAt", "goalId", "projectId",
        ]
        #expect(all.allSatisfy { $0.keys.isSuperset(of: fields) })
        for (title, status) in [("C", "InProgress"), ("B", "PendingReview")] {
            let id = try #require(all.first { $0.text("title") == title }?.text("id"))
            let answer = try await reference.call(.put, "/api/projects/issues/\(id)", "{\"status\":\"\(status)\"}")
            #expect(try answer.json().text("status") == status, "\(answer.text)")
        }
        func titles(_ query: String) async throws -> [String] {
            try await reference.get("/api/projects/nexus/issues?\(query)").items.map { $0.text("title") }
        }
        #expect(try await titles("status=Open") == ["A"])
        #expect(try await titles("status=InProgress") == ["C"])
        #expect(try await titles("assigneeId=user_7") == ["B"])
        #expect(try await titles("assigneeId=user_7&status=Open") == [])
        try await reference.expect([
            (.get, "/api/projects/nexus/issues?status=open", nil, 400), (.get, "/api/projects/none/issues", nil, 404),
            (.post, "/api/projects/none/issues", #"{"title":"T"}"#, 404), (.get, "/api/projects/issues/none", nil, 404),
            (.post, "/api/projects/nexus/issues", "{}", 400),
            (.post, "/api/projects/nexus/issues", #"{"title":"T","assignedAgentId":"nobody"}"#, 400),
            (.post, "/api/projects/nexus/issues", #"{"title":"T","goalId":"goal_none"}"#, 400),
            (.post, "/api/projects/nexus/issues", #"{"title":"T","blockedByIssueId":"none"}"#, 400),
            (.put, "/api/projects/issues/none", "{}", 404),
        ])
        try await reference.expectRole(.post, "/api/projects/nexus/issues", refused: reference.viewer)
        #expect(try await reference.call(.get, "/api/projects/nexus/issues", as: reference.viewer).status == 200)
        await reference.suite.stop()
    }

    @Test func anyFieldCanBeUpdated() async throws {
        let reference = try await Reference()
        let made = try await reference.make("/api/projects/nexus/issues", #"{"title":"T","assigneeUserId":"user_1"}"#)
        let path = "/api/projects/issues/\(made.text("id"))"
        let answer = try await reference.call(
            .put, path,
            """
            {"title":"U","description":"D","status":"Resolved","assigneeUserId":null,"priority":"High","labels":["ui"],
             "dueDate":"2027-01-31","estimate":3}
            """
        )
        let changed = try answer.json()
        #expect(answer.status == 200, "\(answer.text)")
        #expect(changed.text("title") == "U" && changed.text("description") == "D" && changed.text("status") == "Resolved")
        #expect(changed["assignee"] == .null && changed.text("priority") == "High" && changed.text("dueDate") == "2027-01-31")
        #expect(changed["labels"]?.items.count == 1 && changed["completedAt"] != .null)
        let same = try await reference.suite.send(.put, path, body: JSON.encode(changed), token: reference.editor)
        #expect(try same.json() == changed, "\(same.text)")
        try await reference.expect([
            (.put, path, #"{"status":"resolved"}"#, 400), (.put, path, #"{"title":""}"#, 400),
            (.put, path, #"{"status":null}"#, 400), (.put, path, #"{"dueDate":"soon"}"#, 400),
        ])
        await reference.suite.stop()
    }

    @Test func closingNamesOpenDependentsUnlessForced() async throws {
        let reference = try await Reference()
        let a = try await reference.make("/api/projects/nexus/issues", #"{"title":"A"}"#)
        let b = try await reference.make(
            "/api/projects/nexus/issues", "{\"title\":\"B\",\"blockedByIssueId\":\"\(a.text("id"))\"}")
        let path = "/api/projects/issues/\(a.text("id"))"
        let refused = try await reference.call(.post, "\(path)/close")
        #expect(refused.status == 409 && refused.text.contains(b.text("identifier")), "\(refused.text)")
        #expect(try await reference.get(path).text("status") == "Open")
        #expect(try await reference.call(.post, "\(path)/close?force=true").status == 204)
        #expect(try await reference.get(path).text("status") == "Closed")
        #expect(try await reference.get("/api/projects/issues/\(b.text("id"))").text("status") == "Open")
        try await reference.expect([
            (.post, "/api/projects/issues/none/close", nil, 404), (.post, "\(path)/close?force=maybe", nil, 400),
            (.post, "/api/projects/issues/\(b.text("id"))/close", nil, 204),
        ])
        try await reference.expectRole(.post, "\(path)/close", refused: reference.viewer)
        await reference.suite.stop()
    }

    @Test func deletingNeedsConfirmation() async throws {
        let reference = try await Reference()
        let id = try await reference.make("/api/projects/nexus/issues", #"{"title":"A"}"#).text("id")
        let path = "/api/projects/issues/\(id)"
        try await reference.expect([
            (.delete, path, nil, 400), (.delete, "\(path)?confirm=false", nil, 400), (.get, path, nil, 200),
            (.delete, "\(path)?confirm=true", nil, 204), (.get, path, nil, 404), (.delete, "\(path)?confirm=true", nil, 404),
        ])
        await reference.suite.stop()
    }

    @Test func linksAreListedFromBothSidesAndMoveTheStatus() async throws {
        let reference = try await Reference()
        var ids: [String] = []
        for title in ["A", "B"] {
            ids.append(try await reference.make("/api/projects/nexus/issues", "{\"title\":\"\(title)\"}").text("id"))
        }
        let (a, b) = ("/api/projects/issues/\(ids[0])", "/api/projects/issues/\(ids[1])")
        for (type, flipped, waits) in [
            ("Blocks", "BlockedBy", ids[1]), ("BlockedBy", "Blocks", ids[0]), ("RelatedTo", "RelatedTo", ""),
            ("DuplicateOf", "DuplicatedBy", ""),
        ] {
            let link = try await reference.make("\(a)/links", "{\"targetIssueId\":\"\(ids[1])\",\"linkType\":\"\(type)\"}")
            #expect(link.text("linkType") == type && link.text("targetIssueId") == ids[1])
            #expect(try await reference.get("\(a)/links").items.map { $0.text("linkType") } == [type])
            #expect(try await reference.get("\(b)/links").items.map { $0.text("linkType") } == [flipped])
            for (path, id) in [(a, ids[0]), (b, ids[1])] {
                #expect(try await reference.get(path).text("status") == (waits == id ? "WaitingOnDependency" : "Open"))
            }
            try await reference.expect([
                (.post, "\(a)/links", "{\"targetIssueId\":\"\(ids[1])\",\"linkType\":\"\(type)\"}", 409),
                (.delete, "/api/projects/links/\(link.text("id"))", nil, 204),
                (.delete, "/api/projects/links/\(link.text("id"))", nil, 404),
            ])
            for path in [a, b] { #expect(try await reference.get(path).text("status") == "Open") }
        }
        try await reference.expect([
            (.post, "\(a)/links", "{}", 400),
            (.post, "\(a)/links", "{\"targetIssueId\":\"\(ids[0])\",\"linkType\":\"Blocks\"}", 400),
            (.post, "\(a)/links", #"{"targetIssueId":"none","linkType":"Blocks"}"#, 400),
            (.post, "\(a)/links", "{\"targetIssueId\":\"\(ids[1])\",\"linkType\":\"Loves\"}", 400),
            (.get, "/api/projects/issues/none/links", nil, 404),
        ])
        await reference.suite.stop()
    }

    @Test func commentsBecomePartOfTheTimeline() async throws {
        let reference = try await Reference()
        let id = try await reference.make("/api/projects/nexus/issues", #"{"title":"A"}"#).text("id")
        let path = "/api/projects/issues/\(id)"
        let comment = try await reference.make(
            "\(path)/comments",
            #"{ "content": "The draft looks good. Fix the pricing tier names and ship it.", "authorType": "User" }"#)
        #expect(comment.text("authorType") == "User" && comment.text("content").hasPrefix("The draft"))
        let timeline = try await reference.get("\(path)/activity").items
        #expect(timeline.map { $0.text("action") } == ["commented", "created"])
        #expect(timeline[0].text("commentId") == comment.text("id"))
        try await reference.expect([
            (.post, "\(path)/comments", "{}", 400), (.post, "\(path)/comments", #"{"content":"x","authorType":"Robot"}"#, 400),
            (.post, "/api/projects/issues/none/comments", #"{"content":"x"}"#, 404),
        ])
        await reference.suite.stop()
    }

    @Test func attachmentsAreUploadedAsWrittenAndListedDownloadedAndDeleted() async throws {
        let reference = try await Reference()
        let id = try await reference.make("/api/projects/nexus/issues", #"{"title":"A"}"#).text("id")
        let curl = try await Curl(reference.suite)
        let folder = TestBench.makeFolder()
        let made = try await run(
            "cd \(folder) && printf 'not really\\0a picture' > screenshot.png && " + Self.upload.replacing("issue_123", with: id),
            curl, "nexus")
        #expect(made.text("fileName") == "screenshot.png" && made["size"]?.integer == 20)
        let path = "/api/projects/issues/\(id)/attachments"
        #expect(try await reference.get(path).items.map { $0.text("id") } == [made.text("id")])
        let download = try await reference.call(.get, made.text("downloadUrl"), as: reference.viewer)
        #expect(download.bytes == Array("not really\0a picture".utf8))
        #expect(download.header("content-type") == "image/png" && download.header("x-content-type-options") == "nosniff")
        #expect(download.header("content-disposition") == #"attachment; filename="screenshot.png""#)
        let part = try await reference.suite.send(
            .get, made.text("downloadUrl"), headers: [("range", "bytes=4-9")], token: reference.viewer)
        #expect(part.status == 206 && part.text == "really" && part.header("content-range") == "bytes 4-9/20")
        let attachment = "/api/projects/attachments/\(made.text("id"))"
        try await reference.expect([
            (.post, path, "{}", 415), (.get, "/api/projects/issues/none/attachments", nil, 404),
            (.get, "/api/projects/attachments/none/download", nil, 404), (.delete, attachment, nil, 204),
            (.delete, attachment, nil, 404), (.get, made.text("downloadUrl"), nil, 404),
        ])
        #expect(try await reference.get(path).items.isEmpty)
        try await reference.expectRole(.delete, attachment, refused: reference.viewer)
        await reference.suite.stop()
    }

    @Test func aPausedIssueWaitsAtTheNextBoundaryAndIsTakenUpAgain() async throws {
        let reference = try await Reference(options: ["--heartbeat", "1s"])
        let work = """
            ```sh\\nwhile ! test -e $NEXUS_ARTIFACTS/../go; do sleep 0.05; done\\n```\\n\\n```sh\\necho second\\n```
            """
        let made = try await reference.make(
            "/api/projects/nexus/issues",
            "{\"title\":\"A\",\"description\":\"\(work)\",\"assignedAgentId\":\"ux-writer\"}")
        let path = "/api/projects/issues/\(made.text("id"))"
        _ = try await reference.eventually(path, "status", is: "InProgress")
        #expect(try await reference.call(.post, "\(path)/pause").status == 204)
        let paused = try await reference.get(path)
        #expect(paused.text("status") == "Open" && paused["paused"]?.bool == true)
        let runs = try await reference.get("/runs-api?agent_id=ux-writer")["runs"]?.items
        let run = try #require(runs?.first?.text("id"))
        let go = "find '\(reference.suite.folder)' -type d -path '*\(run)*' -name artifacts -exec touch '{}/../go' ';'"
        _ = try await Curl(reference.suite).run(go)
        let log = try await reference.suite.eventually("/runs-api/\(run)/logs?follow=false", token: reference.manager) {
            $0.text.contains("paused before block 2 of 2")
        }
        #expect(log.text.contains("paused before block 2 of 2") && !log.text.contains("second"), "\(log.text)")
        #expect(try await reference.get(path).text("status") == "Open")
        #expect(try await reference.call(.post, "\(path)/resume").status == 204)
        #expect(try await reference.get(path).text("status") == "InProgress")
        _ = try await reference.eventually(path, "status", is: "PendingReview")
        try await reference.expect([
            (.post, "\(path)/resume", nil, 409), (.post, "/api/projects/issues/none/pause", nil, 404),
            (.post, "\(path)/close", nil, 204), (.post, "\(path)/pause", nil, 409),
        ])
        try await reference.expectRole(.post, "\(path)/pause", refused: reference.viewer)
        await reference.suite.stop()
    }
}
