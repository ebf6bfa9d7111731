import Models
import Storage
import SuiteTesting
import Testing

@testable import Board

/// Numbers, order, and what pages cost.
@Suite struct NumberingTests {
    @Test func sixtyFourCreatorsAtOnceCountFromOneWithoutGapsAndRepeats() async throws {
        let bench = try await BoardBench()
        let crew = try await bench.crew()
        let each = 4
        let numbers = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for creator in 0..<64 {
                group.addTask {
                    var numbers: [Int64] = []
                    for _ in 0..<each {
                        // Some are refused: they take no number.
                        _ = try await bench.send(.post, "/api/v1/crews/\(crew)/issues", #"{"title":""}"#)
                        let body = "{\"title\":\"by \(creator)\",\"labels\":[]}"
                        numbers.append(try await bench.make("/api/v1/crews/\(crew)/issues", body)["number"]?.integer ?? -1)
                    }
                    return numbers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers.sorted() == (1...Int64(64 * each)).map { $0 })
        await bench.bench.stop()
    }

    @Test func eachCrewCountsForItself() async throws {
        let bench = try await BoardBench()
        let (first, second) = (try await bench.crew("Engineering"), try await bench.crew("Engine room"))
        for crew in [first, second] {
            for number in 1...2 {
                let issue = try await bench.make("/api/v1/crews/\(crew)/issues", #"{"title":"T"}"#)
                #expect(issue["identifier"]?.string == "ENG-\(number)")
            }
        }
        for crew in [first, second] {
            let answer = try await bench.send(.get, "/api/v1/crews/\(crew)/issues/ENG-2")
            #expect(try answer.json()["crew_id"]?.string == crew)
        }
        #expect(try await bench.send(.get, "/api/v1/issues/eng-2").json()["crew_id"]?.string == first)
        await bench.bench.stop()
    }

    @Test func aMovedCardTouchesNoOther() async throws {
        let bench = try await BoardBench()
        var ids: [String] = []
        for title in ["A", "B", "C", "D"] { ids.append(try await bench.issue(title, ",\"project_id\":\"nexus\"")) }
        func column() async throws -> [String] {
            let board = try await bench.send(.get, "/board-api?project_id=nexus").decoded(Board.self)
            return board.columns.first { $0.status == "todo" }?.cards.map(\.title) ?? []
        }
        func versions() async throws -> [String?] {
            var tags: [String?] = []
            for id in ids.dropLast() { tags.append(try await bench.send(.get, "/api/issues/\(id)").header("etag")) }
            return tags
        }
        let before = try await versions()
        for (body, expected) in [
            ("{\"status\":\"open\",\"before\":\"\(ids[1])\"}", ["A", "D", "B", "C"]),
            ("{\"status\":\"open\",\"after\":\"\(ids[1])\"}", ["A", "B", "D", "C"]),
            ("{\"status\":\"open\",\"before\":\"\(ids[0])\"}", ["D", "A", "B", "C"]),
            ("{\"status\":\"open\"}", ["A", "B", "C", "D"]),
            ("{\"status\":\"open\",\"after\":\"\(ids[0])\"}", ["A", "D", "B", "C"]),
        ] {
            let moved = try await bench.send(.post, "/board-api/cards/\(ids[3])/move", body)
            #expect(moved.status == 200, "\(moved.text)")
            #expect(try await column() == expected)
        }
        #expect(try await versions() == before)
        let elsewhere = try await bench.issue("E", ",\"status\":\"backlog\",\"project_id\":\"nexus\"")
        let refused = try await bench.send(
            .post, "/board-api/cards/\(ids[3])/move", "{\"status\":\"open\",\"before\":\"\(elsewhere)\"}")
        #expect(refused.status == 400)
        await bench.bench.stop()
    }

    /// What lists and boards read, by what they are asked for: the filters, and the order.
    static let queries: [(String, [Filter], IssueSort)] = [
        ("all", [], .createdAt),
        ("of a project", [.equals("project_id", "proj_1")], .createdAt),
        ("of a status", [.equals("status", "todo")], .createdAt),
        ("of statuses", [.isIn("status", ["todo", "waiting"])], .createdAt),
        ("of a project and a status", [.equals("project_id", "proj_1"), .equals("status", "todo")], .createdAt),
        ("open on the tracker", [.isIn("status", ["backlog", "todo", "failed"]), .equals("project_id", "proj_1")], .createdAt),
        ("of an assignee", [.equals("assignee_id", "agent_alpha")], .createdAt),
        ("of a project's assignee", [.equals("project_id", "proj_1"), .equals("assignee_id", "agent_alpha")], .createdAt),
        ("of a crew", [.equals("crew_id", "crew_1")], .createdAt),
        ("of a crew and a status", [.equals("crew_id", "crew_1"), .equals("status", "todo")], .createdAt),
        ("of a priority", [.equals("priority", 3)], .createdAt),
        ("by change", [], .updatedAt),
        ("by priority", [], .priority),
        ("in order", [], .sortOrder),
        ("a column", [.equals("status", "todo")], .sortOrder),
        ("a project's column", [.equals("project_id", "proj_1"), .equals("status", "todo")], .sortOrder),
    ]

    /// However much there is, what is shown is sought in an index, and nothing more is read or sorted.
    @Test func everyPageIsReadInTheOrderOfAnIndex() async throws {
        let bench = try await BoardBench()
        for _ in 0..<3 { _ = try await bench.issue("T", ",\"project_id\":\"nexus\"") }
        let database = try #require(bench.bench.hosts[.board]?.environment.database)
        for (name, filters, sort) in Self.queries {
            var query = ListQuery(filters: filters, order: sort.order, limit: 2)
            let first = query
            let cursor = try await database.readLong { try IssueStore().page(first, workspace: "default", in: $0).nextCursor }
            for position in [nil, cursor] {
                query.cursor = position
                let asked = query
                let steps = try await database.readLong { reader in
                    let plans = PlanReader(reader: reader)
                    _ = try IssueStore().page(asked, workspace: "default", in: plans)
                    return plans.steps
                }
                #expect(steps.contains { $0.contains("SEARCH d USING INDEX") }, "\(name): \(steps)")
                let isMerged = steps.contains { $0.contains("UNION ALL") }
                for step in steps {
                    #expect(!step.contains("SCAN d"), "\(name): \(step)")
                    // Merging a few short lists sorts what they show, and no more.
                    #expect(!step.contains("TEMP B-TREE") || isMerged, "\(name): \(step)")
                }
            }
        }
        await bench.bench.stop()
    }

    @Test func countsAreKeptAndNotCounted() async throws {
        let bench = try await BoardBench()
        let database = try #require(bench.bench.hosts[.board]?.environment.database)
        let steps = try await database.readLong { reader in
            let plans = PlanReader(reader: reader)
            _ = try IssueStore().counts(.project("proj_1"), workspace: "default", in: plans)
            _ = try IssueStore().lastPlace(workspace: "default", in: plans)
            _ = try LinkStore().isBlocked("issue_1", workspace: "default", in: plans)
            _ = try LinkStore().links(of: "issue_1", workspace: "default", in: plans)
            return plans.steps
        }
        #expect(!steps.isEmpty)
        for step in steps { #expect(!step.hasPrefix("SCAN"), "\(steps)") }
        await bench.bench.stop()
    }
}

/// Notes how the database would run each statement, and runs it.
private final class PlanReader: SQLReader {
    private let reader: any SQLReader
    private(set) var steps: [String] = []

    init(reader: any SQLReader) { self.reader = reader }

    func query(_ sql: String, arguments: [(any SQLBindable)?], _ row: (Row) throws -> Bool) throws {
        try reader.query("EXPLAIN QUERY PLAN " + sql, arguments: arguments) {
            steps.append($0.text(3))
            return true
        }
        try reader.query(sql, arguments: arguments, row)
    }
}
