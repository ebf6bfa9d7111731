import HTTP
import Models
import SuiteTesting
import Testing

/// The crews' issue reference (seed 003), endpoint by endpoint: issues, their fields and their lifecycle.
@Suite(.serialized) struct CrewsReferenceTests {
    static let crewPath = "/api/v1/crews/engineering"
    static let issues = crewPath + "/issues"

    /// A suite with the crew `engineering`, led by `ux-writer`.
    static func reference() async throws -> Reference {
        let reference = try await Reference()
        try await reference.make("/api/v1/crews", #"{"name":"Engineering","lead_agent_id":"ux-writer"}"#)
        return reference
    }

    @discardableResult
    static func issue(_ reference: Reference, _ members: String = "") async throws -> String {
        try await reference.make(issues, "{\"title\":\"T\"\(members)}").text("identifier")
    }

    @Test func anIssueIsMadeAsTheExampleSaysWithAllItsFields() async throws {
        let reference = try await Self.reference()
        let label = try await reference.make("/api/v1/labels", ##"{"name":"bug","color":"#ff0000"}"##).text("id")
        let made = try await reference.make(
            Self.issues,
            """
            { "title": "Fix authentication token refresh", "description": "Tokens are not being refreshed before expiry",
              "priority": "high", "assignee_type": "agent", "assignee_id": "agent_frontend_dev", "labels": ["\(label)"]}
            """)
        let expected: Set<String> = [
            "id", "crew_id", "workspace_id", "number", "identifier", "title", "description", "status", "priority",
            "assignee_type", "assignee_id", "assignee_name", "created_by", "authored_via", "due_date", "sort_order",
            "mission_type", "lead_agent_id", "labels", "project_id", "estimate", "parent_issue_id", "milestone_id",
            "sub_issues_count", "comment_count", "completed_at", "created_at", "updated_at",
        ]
        #expect(made.keys.isSuperset(of: expected), "\(expected.subtracting(made.keys))")
        #expect(made["routine_id"] == nil)
        #expect(made.text("identifier") == "ENG-1" && made["number"]?.integer == 1 && made.text("status") == "BACKLOG")
        #expect(made.text("assignee_name") == "Frontend Dev" && made.text("lead_agent_id") == "agent_ux_writer")
        #expect(made["labels"]?.items.map { $0.text("name") } == ["bug"] && made.text("mission_type") == "issue")
        #expect(made["created_by"]?["type"]?.string == "user" && made.text("authored_via") == "user_api")
        #expect(made["due_date"] == .null && made["estimate"] == .null && made["sub_issues_count"]?.integer == 0)
        #expect(try await reference.get("/api/v1/issues/ENG-1") == made)
        #expect(try await reference.get("\(Self.issues)/\(made.text("id"))") == made)
        let plain = try await reference.make(Self.issues, #"{"title":"T"}"#)
        #expect(plain.text("priority") == "none" && plain["description"] == .null && plain["assignee_id"] == .null)
        #expect(plain["labels"] == .array([]))
        await reference.suite.stop()
    }

    @Test func whatCannotBeMadeIsRefused() async throws {
        let reference = try await Self.reference()
        try await reference.make("/api/v1/crews", #"{"name":"Leaderless"}"#)
        let routine = try await reference.make("/api/v1/routines", #"{"name":"R","tasks":[{"title":"T"}]}"#).text("id")
        try await reference.expect([
            (.post, Self.issues, "{}", 400), (.post, "/api/v1/crews/leaderless/issues", #"{"title":"T"}"#, 400),
            (.post, "/api/v1/crews/none/issues", #"{"title":"T"}"#, 404),
            (.post, Self.issues, #"{"title":"T","routine_inputs":{"a":1}}"#, 400),
            (.post, Self.issues, #"{"title":"T","routine_id":"none"}"#, 400),
            (.post, Self.issues, "{\"title\":\"T\",\"routine_id\":\"\(routine)\",\"routine_inputs\":\"text\"}", 400),
            (.post, Self.issues, #"{"title":"T","parent_issue_id":"none"}"#, 400),
            (.post, Self.issues, #"{"title":"T","milestone_id":"none"}"#, 400),
            (.post, Self.issues, #"{"title":"T","labels":["none"]}"#, 400),
            (.post, Self.issues, #"{"title":"T","priority":"asap"}"#, 400),
            (.post, Self.issues, #"{"title":"T","due_date":"2026-02-30"}"#, 400),
            (.post, Self.issues, #"{"title":"T","assignee_type":"agent","assignee_id":"nobody"}"#, 400),
            (.post, Self.issues, #"{"title":"T","project_id":"nowhere"}"#, 400),
        ])
        #expect(try await reference.get("/api/v1/issues") == .array([]))
        try await reference.expectRole(.post, Self.issues, refused: reference.editor)
        #expect(try await reference.call(.get, Self.issues, as: reference.viewer).status == 200)
        await reference.suite.stop()
    }

    @Test func everyTransitionOfTheTableIsTakenAndEveryOtherIs400() async throws {
        let reference = try await Self.reference()
        let table: [String: Set<String>] = [
            "BACKLOG": ["TODO", "IN_PROGRESS", "CANCELLED"], "TODO": ["IN_PROGRESS", "BACKLOG", "CANCELLED"],
            "IN_PROGRESS": ["REVIEW", "DONE", "FAILED", "CANCELLED", "TODO"],
            "REVIEW": ["DONE", "TODO", "IN_PROGRESS", "FAILED", "CANCELLED"], "DONE": ["BACKLOG"],
            "FAILED": ["BACKLOG", "TODO", "IN_PROGRESS"], "CANCELLED": ["BACKLOG", "TODO"],
        ]
        let ways = [
            "BACKLOG": [], "TODO": ["TODO"], "IN_PROGRESS": ["IN_PROGRESS"], "REVIEW": ["IN_PROGRESS", "REVIEW"],
            "DONE": ["IN_PROGRESS", "DONE"], "FAILED": ["IN_PROGRESS", "FAILED"], "CANCELLED": ["CANCELLED"],
        ]
        for (from, allowed) in table.sorted(by: { $0.key < $1.key }) {
            for to in table.keys.sorted() where to != from {
                let path = "\(Self.issues)/\(try await Self.issue(reference))"
                for step in ways[from] ?? [] { _ = try await reference.call(.patch, path, "{\"status\":\"\(step)\"}") }
                #expect(try await reference.get(path).text("status") == from)
                let answer = try await reference.call(.patch, path, "{\"status\":\"\(to)\"}")
                #expect(answer.status == (allowed.contains(to) ? 200 : 400), "\(from) → \(to): \(answer.text)")
                let now = try await reference.get(path)
                if answer.status == 200 {
                    #expect(now.text("status") == to)
                    #expect((now["completed_at"] != .null) == ["DONE", "CANCELLED"].contains(to), "\(from) → \(to)")
                } else {
                    #expect(answer.text.contains(from) && answer.text.contains(to))
                    for word in allowed { #expect(answer.text.contains(word), "\(answer.text)") }
                }
            }
        }
        await reference.suite.stop()
    }

    @Test func fieldsAreChangedUnlinkedAndCleared() async throws {
        let reference = try await Self.reference()
        let milestone = try await reference.make("/api/v1/projects/nexus/milestones", #"{"name":"M"}"#).text("id")
        let routine = try await reference.make("/api/v1/routines", #"{"name":"R","tasks":[{"title":"T"}]}"#).text("id")
        let parent = try await Self.issue(reference)
        let path = "\(Self.issues)/\(try await Self.issue(reference))"
        let full = try await reference.call(
            .patch, path,
            """
            {"project_id":"nexus","parent_issue_id":"\(parent)","milestone_id":"\(milestone)","routine_id":"\(routine)",
             "routine_inputs":{"a":1},"estimate":5,"due_date":"2026-12-24","sort_order":1.5}
            """)
        #expect(full.status == 200, "\(full.text)")
        let issue = try full.json()
        #expect(issue["routine_inputs"] == .object(["a": .integer(1)]) && issue["estimate"]?.integer == 5)
        #expect(issue.text("milestone_id") == milestone && issue["sort_order"] == .number(1.5))
        #expect(try await reference.get("\(Self.issues)/\(parent)")["sub_issues_count"]?.integer == 1)
        let cleared = try await reference.call(
            .patch, path, #"{"project_id":"","parent_issue_id":"","milestone_id":"","routine_id":"","estimate":null}"#
        ).json()
        for member in ["project_id", "parent_issue_id", "milestone_id", "estimate"] { #expect(cleared[member] == .null) }
        #expect(cleared["routine_id"] == nil && cleared["routine_inputs"] == nil)
        try await reference.expect([
            (.patch, path, "{}", 400), (.patch, path, #"{"unknown":1}"#, 400),
            (.patch, path, "{\"parent_issue_id\":\"\(issue.text("id"))\"}", 400),
            (.patch, path, #"{"parent_issue_id":"none"}"#, 400), (.patch, path, #"{"routine_inputs":{"a":1}}"#, 400),
            (.patch, path, #"{"status":"in progress"}"#, 400), (.patch, "\(Self.issues)/ENG-99", #"{"title":"x"}"#, 404),
        ])
        try await reference.expectRole(.patch, path, refused: reference.editor)
        await reference.suite.stop()
    }

    @Test func onlyTheBacklogAndTheCancelledAreDeleted() async throws {
        let reference = try await Self.reference()
        let path = "\(Self.issues)/\(try await Self.issue(reference))"
        _ = try await reference.call(.patch, path, #"{"status":"TODO"}"#)
        try await reference.expect([
            (.delete, path, nil, 400), (.patch, path, #"{"status":"CANCELLED"}"#, 200), (.delete, path, nil, 204),
            (.get, path, nil, 404),
        ])
        await reference.suite.stop()
    }

    @Test func manyAreChangedAtOnceAndWhatCannotIsSkippedSilently() async throws {
        let reference = try await Self.reference()
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await reference.make(Self.issues, #"{"title":"T"}"#).text("id")) }
        _ = try await reference.call(.patch, "\(Self.issues)/ENG-1", #"{"status":"IN_PROGRESS"}"#)
        _ = try await reference.call(.patch, "\(Self.issues)/ENG-1", #"{"status":"DONE"}"#)
        let all = (ids + ["issue_elsewhere"]).map { "\"\($0)\"" }.joined(separator: ",")
        func bulk(_ updates: String) async throws -> Int64? {
            try await reference.call(.patch, "/api/v1/issues/bulk", "{\"ids\":[\(all)],\"updates\":\(updates)}")
                .json()["updated"]?.integer
        }
        #expect(try await bulk(#"{"status":"CANCELLED","priority":"high"}"#) == 4)
        #expect(try await bulk(#"{"status":"CANCELLED","priority":"high"}"#) == 0)
        let one = try await reference.get("\(Self.issues)/ENG-2")
        #expect(one.text("status") == "CANCELLED" && one["completed_at"] != .null)
        #expect(try await reference.get("\(Self.issues)/ENG-1").text("priority") == "none")
        let activity = try await reference.get("\(Self.issues)/ENG-2/activity").items
        #expect(activity.contains { $0.text("action") == "status_changed" && $0.text("details").hasSuffix("(bulk)") })
        #expect(try await bulk(#"{"project_id":"nexus"}"#) == 5)
        #expect(try await bulk(#"{"project_id":""}"#) == 5)
        let label = try await reference.make("/api/v1/labels", #"{"name":"bug"}"#).text("id")
        #expect(try await bulk("{\"labels\":[\"\(label)\"]}") == 5)
        #expect(try await bulk(#"{"labels":[]}"#) == 5)
        let many = (0...100).map { "\"i\($0)\"" }.joined(separator: ",")
        try await reference.expect([
            (.patch, "/api/v1/issues/bulk", "{", 400), (.patch, "/api/v1/issues/bulk", #"{"updates":{}}"#, 400),
            (.patch, "/api/v1/issues/bulk", #"{"ids":[],"updates":{}}"#, 400),
            (.patch, "/api/v1/issues/bulk", "{\"ids\":[\(many)],\"updates\":{}}", 400),
        ])
        try await reference.expectRole(.patch, "/api/v1/issues/bulk", refused: reference.editor)
        await reference.suite.stop()
    }

    @Test func listsAreFilteredOrderedAndPaged() async throws {
        let reference = try await Self.reference()
        for (title, priority) in [("Alpha one", "low"), ("Beta two", "urgent"), ("Gamma three", "high")] {
            try await reference.make(Self.issues, "{\"title\":\"\(title)\",\"priority\":\"\(priority)\"}")
        }
        _ = try await reference.call(.patch, "\(Self.issues)/ENG-2", #"{"status":"IN_PROGRESS"}"#)
        func numbers(_ query: String) async throws -> [Int64] {
            try await reference.get("/api/v1/issues?\(query)").items.compactMap { $0["number"]?.integer }
        }
        for (query, expected) in [
            ("", [3, 2, 1]), ("status=IN_PROGRESS", [2]), ("status=BACKLOG,IN_PROGRESS", [3, 2, 1]),
            ("priority=low,urgent", [2, 1]),
            ("sort=priority", [2, 3, 1]), ("sort=sort_order", [1, 2, 3]), ("sort=updated_at", [2, 3, 1]),
            ("search=beta", [2]), ("search=thr", [3]), ("search=nothing", []), ("limit=1&offset=1", [2]),
            ("crew_id=engineering", [3, 2, 1]), ("crew_id=none", []), ("mission_type=issue", [3, 2, 1]),
            ("mission_type=goal", []),
            ("label=none", []), ("assignee_id=ux-writer", []), ("project_id=nexus", []),
        ] as [(String, [Int64])] {
            #expect(try await numbers(query) == expected, "\(query)")
        }
        #expect(try await reference.get(Self.issues).items.count == 3)
        try await reference.expect([
            (.get, "/api/v1/issues?limit=101", nil, 400), (.get, "/api/v1/issues?limit=0", nil, 400),
            (.get, "/api/v1/issues?status=x", nil, 400), (.get, "/api/v1/issues?sort=x", nil, 400),
            (.get, "/api/v1/issues?offset=-1", nil, 400), (.get, "/api/v1/issues/ENG-9", nil, 404),
            (.get, "/api/v1/crews/none/issues", nil, 404),
        ])
        await reference.suite.stop()
    }

    @Test func whatIsWrittenOnOneSurfaceIsReadOnTheOthers() async throws {
        let reference = try await Self.reference()
        let made = try await reference.make(Self.issues, #"{"title":"One","project_id":"nexus"}"#)
        let id = made.text("id")
        for (status, workspace, tracker, crews) in [
            ("open", "open", "Open", "TODO"), ("in_progress", "in_progress", "InProgress", "IN_PROGRESS"),
            ("in_review", "in_review", "PendingReview", "REVIEW"), ("resolved", "resolved", "Resolved", "DONE"),
            ("closed", "closed", "Closed", "DONE"), ("failed", "failed", "Open", "FAILED"),
            ("cancelled", "cancelled", "Closed", "CANCELLED"), ("backlog", "backlog", "Open", "BACKLOG"),
        ] {
            _ = try await reference.call(.patch, "/api/issues/\(id)", "{\"status\":\"\(status)\"}")
            #expect(try await reference.get("/api/issues/\(id)").text("status") == workspace)
            #expect(try await reference.get("/api/projects/issues/\(id)").text("status") == tracker)
            #expect(try await reference.get("/api/v1/issues/ENG-1").text("status") == crews)
        }
        let blocker = try await reference.make("/api/projects/nexus/issues", #"{"title":"Blocker"}"#)
        try await reference.make(
            "\(Self.issues)/ENG-1/relations",
            "{\"target_identifier\":\"\(blocker.text("identifier"))\",\"relation_type\":\"blocked_by\"}")
        #expect(try await reference.get("/api/issues/\(id)").text("status") == "blocked")
        #expect(try await reference.get("/api/projects/issues/\(id)").text("status") == "WaitingOnDependency")
        let shown = try await reference.get("/api/v1/issues/ENG-1")
        #expect(shown.text("status") == "TODO" && shown["blocked"]?.bool == true)
        await reference.suite.stop()
    }
}
