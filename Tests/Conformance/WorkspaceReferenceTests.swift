import HTTP
import Models
import SuiteTesting
import Testing

/// The issues of the projects-and-issues reference (seed 000), endpoint by endpoint.
@Suite(.serialized) struct WorkspaceReferenceTests {
    @Test func issuesAreListedMadeShownChangedAndDeleted() async throws {
        let reference = try await Reference()
        let project = try await reference.get("/api/projects/nexus").text("id")
        let made = try await reference.make(
            "/api/issues",
            """
            { "title": "Fix auth race condition", "description": "Token refresh and logout can race under high load",
              "status": "open", "priority": "high", "project_id": "\(project)" }
            """)
        #expect(made.text("title") == "Fix auth race condition" && made.text("status") == "open")
        #expect(made.text("priority") == "high" && made.text("project_id") == project && made["assignee_id"] == .null)
        #expect(made["created_by"]?["type"]?.string == "user" && made.text("authored_via") == "user_api")
        let path = "/api/issues/\(made.text("id"))"
        #expect(try await reference.get(path) == made)
        #expect(try await reference.get("/api/issues?project_id=\(project)")["issues"] == .array([made]))
        #expect(try await reference.get("/api/issues?project_id=\(project)")["next_cursor"] == .null)
        let changed = try await reference.call(.patch, path, #"{ "status": "in_progress", "assignee_id": "user_1" }"#)
        #expect(changed.status == 200, "\(changed.text)")
        #expect(try changed.json().text("status") == "in_progress" && changed.json().text("assignee_id") == "user_1")
        #expect(try changed.json().text("title") == "Fix auth race condition")
        #expect(try await reference.call(.delete, path).status == 204)
        try await reference.expect([(.get, path, nil, 404), (.patch, path, "{}", 404), (.delete, path, nil, 404)])
        await reference.suite.stop()
    }

    @Test func whatIsWrongIsRefusedAndNamed() async throws {
        let reference = try await Reference()
        for (json, field) in [
            ("{}", "title"), (#"{"title":" "}"#, "title"), (#"{"title":5}"#, "title"),
            (#"{"title":"T","status":"nonsense"}"#, "status"), (#"{"title":"T","priority":"asap"}"#, "priority"),
            (#"{"title":"T","project_id":"nowhere"}"#, "project_id"), (#"{"title":"T","assignee_id":"nobody"}"#, "assignee_id"),
            (#"{"title":"T","due_date":"tomorrow"}"#, "due_date"), (#"{"title":"T","estimate":-1}"#, "estimate"),
            (#"{"title":"T","blocked_by":"issue_none"}"#, "blocked_by"), (#"{"title":"T","crew_id":"none"}"#, "crew_id"),
            (#"{"title":"T","parent_issue_id":"none"}"#, "parent_issue_id"),
        ] {
            let answer = try await reference.call(.post, "/api/issues", json)
            #expect(answer.status == 400, "\(json) \(answer.text)")
            #expect(try answer.json().text("field") == field, "\(json) \(answer.text)")
        }
        #expect(try await reference.get("/api/issues")["issues"] == .array([]))
        try await reference.expectRole(.post, "/api/issues", refused: reference.viewer)
        #expect(try await reference.call(.get, "/api/issues", as: reference.viewer).status == 200)
        try await reference.expect([
            (.get, "/api/issues?limit=0", nil, 400), (.get, "/api/issues?cursor=x", nil, 400),
            (.get, "/api/issues?status=x", nil, 400), (.put, "/api/issues", "{}", 405),
        ])
        await reference.suite.stop()
    }

    @Test func commentsAreListedAddedAndDeleted() async throws {
        let reference = try await Reference()
        let issue = try await reference.make("/api/issues", #"{"title":"T","project_id":"nexus"}"#).text("id")
        let path = "/api/issues/\(issue)/comments"
        let comment = try await reference.make(path, #"{ "content": "Reproduced on v2.3.1" }"#)
        #expect(comment.text("content") == "Reproduced on v2.3.1" && comment["author"]?["type"]?.string == "user")
        #expect(try await reference.get(path)["comments"]?.items.count == 1)
        #expect(try await reference.get("/api/issues/\(issue)")["comments_count"]?.integer == 1)
        let id = comment.text("id")
        try await reference.expect([
            (.post, path, "{}", 400), (.post, path, #"{"content":"  "}"#, 400),
            (.post, "/api/issues/none/comments", #"{"content":"x"}"#, 404), (.delete, "\(path)/none", nil, 404),
            (.delete, "\(path)/\(id)", nil, 204), (.delete, "\(path)/\(id)", nil, 404),
        ])
        #expect(try await reference.get("/api/issues/\(issue)")["comments_count"]?.integer == 0)
        await reference.suite.stop()
    }

    @Test func theBoardGroupsByStatusWithCountsAndOrder() async throws {
        let reference = try await Reference()
        var ids: [String] = []
        for (title, status, estimate) in [("A", "open", 3), ("B", "open", 5), ("C", "in_progress", 1), ("D", "resolved", 2)] {
            let json = "{\"title\":\"\(title)\",\"status\":\"\(status)\",\"estimate\":\(estimate),\"project_id\":\"nexus\"}"
            ids.append(try await reference.make("/api/issues", json).text("id"))
        }
        func column(_ status: String) async throws -> JSONValue? {
            try await reference.get("/api/board?project_id=nexus")["columns"]?.items.first { $0.text("status") == status }
        }
        let open = try await column("open")
        #expect(open?["count"]?.integer == 2 && open?["estimate"]?.integer == 8)
        #expect(open?["cards"]?.items.map { $0.text("title") } == ["A", "B"])
        let moved = try await reference.call(
            .post, "/board-api/cards/\(ids[2])/move", "{\"status\":\"open\",\"after\":\"\(ids[0])\"}")
        #expect(moved.status == 200, "\(moved.text)")
        #expect(try await column("open")?["cards"]?.items.map { $0.text("title") } == ["A", "C", "B"])
        #expect(try await column("in_progress")?["count"]?.integer == 0)
        let limit = try await reference.call(.put, "/board-api/columns/resolved", #"{"wip_limit":1,"project_id":"nexus"}"#)
        #expect(limit.status == 200, "\(limit.text)")
        try await reference.expect([
            (.post, "/board-api/cards/\(ids[0])/move", #"{"status":"resolved"}"#, 409),
            (.post, "/board-api/cards/\(ids[0])/move", #"{"status":"resolved","force":true}"#, 200),
            (.post, "/board-api/cards/none/move", #"{"status":"resolved"}"#, 404),
            (.post, "/board-api/cards/\(ids[1])/move", #"{"status":"x"}"#, 400),
            (.get, "/api/board?project_id=nowhere", nil, 400),
        ])
        #expect(try await column("resolved")?["over_limit"]?.bool == true)
        await reference.suite.stop()
    }

    @Test func synchronisingWithoutATrackerSaysSo() async throws {
        let reference = try await Reference()
        let answer = try await reference.call(.post, "/api/projects/nexus/sync-issues")
        #expect(answer.status == 202, "\(answer.text)")
        let sync = try answer.json()
        #expect(answer.header("location") == "/board-api/sync/\(sync.text("id"))")
        #expect(sync.keys.isSuperset(of: ["id", "status", "created", "updated", "skipped", "errors"]))
        #expect(sync.text("status") == "failed" && sync["errors"]?.items.isEmpty == false)
        #expect(try await reference.get("/board-api/sync/\(sync.text("id"))") == sync)
        try await reference.expect([
            (.post, "/api/projects/nexus/sync-issues?wait=true", nil, 200), (.post, "/api/projects/none/sync-issues", nil, 404),
            (.get, "/board-api/sync/none", nil, 404),
        ])
        await reference.suite.stop()
    }

    @Test func editsMeetTheirPreconditionsAndPostsAreNotDoneTwice() async throws {
        let reference = try await Reference()
        let key = [("idempotency-key", "once")]
        let first = try await reference.suite.send(
            .post, "/api/issues", json: #"{"title":"T"}"#, headers: key, token: reference.editor)
        let again = try await reference.suite.send(
            .post, "/api/issues", json: #"{"title":"T"}"#, headers: key, token: reference.editor)
        #expect(first.status == 201 && again.bytes == first.bytes && again.header("idempotent-replayed") == "true")
        #expect(try await reference.get("/api/issues")["issues"]?.items.count == 1)
        let path = "/api/issues/\(try first.json().text("id"))"
        let tag = try #require(first.header("etag"))
        let unchanged = try await reference.suite.send(.get, path, headers: [("if-none-match", tag)], token: reference.viewer)
        #expect(unchanged.status == 304)
        for (expected, title) in [(UInt16(200), "One"), (412, "Two")] {
            let answer = try await reference.suite.send(
                .patch, path, json: "{\"title\":\"\(title)\"}", headers: [("if-match", tag)], token: reference.editor)
            #expect(answer.status == expected, "\(answer.text)")
        }
        #expect(try await reference.get(path).text("title") == "One")
        await reference.suite.stop()
    }
}
