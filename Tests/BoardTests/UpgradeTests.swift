import Models
import Service
import Storage
import SuiteTesting
import Testing

@testable import Board

/// A database of the first version is carried over whole.
@Suite struct UpgradeTests {
    /// The board service as it was, as far as its schema goes.
    private struct Before: NexusService {
        static let name = ServiceName.board
        static let migrations = Array(BoardMigrations.all.prefix(4))

        init(_ environment: ServiceEnvironment) {}

        var routes: Routes { Routes("/board-api") {} }
    }

    /// The table as the first version declared it.
    private static let table = DocumentTable<Models.Issue>(
        "issues",
        columns: [
            Column("identifier", .text, index: .unique) { $0.identifier },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("status", .text) { $0.status.rawValue },
            Column("priority", .text) { $0.priority.rawValue },
            Column("assignee_id", .text, index: .filtered) { $0.assigneeID },
            Column("title", .text) { $0.title },
            Column("rank", .text) { $0.rank },
        ],
        indexes: [["project_id", "status", "rank"], ["status", "rank"]])

    @Test func theFirstStepsAreAsTheyWere() {
        #expect(BoardHistory.issues.filter { $0 > " " } == Self.table.schema.filter { $0 > " " })
    }

    @Test func issuesOfTheFirstVersionBelongToTheDefaultCrewWithTheirNumbersLabelsAndComments() async throws {
        let old = try await TestBench([Before.self])
        try await old.hosts[.board]?.environment.database.write { transaction in
            for (number, status) in [(1, "done"), (2, "todo"), (3, "in_progress")] {
                let document = """
                    {"id":"issue_\(number)","workspace_id":"default","identifier":"ISS-\(number)","number":\(number),
                     "project_id":"proj_1","title":"Old \(number)","description":"words","status":"\(status)","priority":"high",
                     "labels":["bug","ui"],"estimate":\(number),"rank":"i\(number)","comments_count":1,
                     "created_by":{"type":"user","id":"user_1","name":"Test"},"authored_via":"user_api",
                     "created_at":"2026-01-0\(number)T00:00:00Z","updated_at":"2026-01-0\(number)T00:00:00Z"}
                    """
                try transaction.run(
                    """
                    INSERT INTO issues (workspace_id, id, version, created_at, updated_at, identifier, project_id, status, priority,
                        title, rank, document) VALUES ('default', ?, 7, ?, ?, ?, 'proj_1', ?, 'high', ?, ?, ?)
                    """, "issue_\(number)", 1_767_225_600_000 + number, 1_767_225_600_000, "ISS-\(number)", status,
                    "Old \(number)", "i\(number)", document)
            }
            try transaction.run(
                "INSERT INTO issue_comments (workspace_id, id, issue_id, document) VALUES ('default', 'comment_1', 'issue_1', ?)",
                """
                {"id":"comment_1","issue_id":"issue_1","content":"Remember this","created_at":"2026-01-02T00:00:00Z",
                 "author":{"type":"agent","id":"agent_alpha"}}
                """)
            try transaction.run("INSERT INTO issue_numbers (workspace_id, last) VALUES ('default', 3)")
        }
        await old.stop()

        let bench = try await BoardBench(folder: old.folder)
        let issue = try await bench.send(.get, "/api/issues/ISS-1").json()
        #expect(issue["title"]?.string == "Old 1" && issue["status"]?.string == "resolved")
        #expect(issue["labels"] == .array([.string("bug"), .string("ui")]) && issue["sort_order"] == .integer(1))
        let comments = try await bench.send(.get, "/api/issues/issue_1/comments").text
        #expect(comments.contains("Remember this") && comments.contains("agent_tool_call"))
        #expect(try await bench.send(.get, "/api/v1/issues?label=bug").json().count == 3)
        #expect(try await bench.send(.get, "/board-api/search?q=remember").text.contains("ISS-1"))
        #expect(try await bench.send(.get, "/board-api/search?q=words").json()["results"]?.count == 3)
        let board = try await bench.send(.get, "/board-api?project_id=proj_1").decoded(Board.self)
        #expect(board.columns.first { $0.status == "todo" }?.count == 1)
        #expect(board.columns.first { $0.status == "in_progress" }?.estimate == 3)
        let next = try await bench.make("/api/issues", #"{"title":"New"}"#)
        #expect(next["identifier"]?.string == "ISS-4")
        #expect(try await bench.send(.patch, "/api/issues/issue_2", #"{"status":"closed","labels":[]}"#).status == 200)
        #expect(try await bench.send(.delete, "/api/issues/issue_3").status == 204)
        await bench.bench.stop()
    }
}
