import Models
import SuiteTesting
import Testing

@testable import Board

/// Search, saved views, column limits and what goes with a project.
@Suite struct FindingTests {
    private func found(_ bench: BoardBench, _ query: String) async throws -> [String] {
        guard case .array(let hits) = try await bench.send(.get, "/board-api/search?\(query)").json()["results"] else {
            return []
        }
        return hits.compactMap { $0["issue"]?["title"]?.string }
    }

    @Test func issuesAreFoundByTitleDescriptionAndComments() async throws {
        let bench = try await BoardBench()
        let first = try await bench.issue("Login fails", ",\"description\":\"The token expires too early\"")
        let second = try await bench.issue("Slow page", ",\"project_id\":\"nexus\"")
        let comment = try await bench.make("/api/issues/\(second)/comments", #"{"content":"Seen with an expired token too"}"#)
        #expect(try await found(bench, "q=login") == ["Login fails"])
        #expect(Set(try await found(bench, "q=token")) == ["Login fails", "Slow page"])
        #expect(try await found(bench, "q=token&project_id=nexus") == ["Slow page"])
        #expect(try await found(bench, "q=%22%29%20OR%20NEAR%28") == [])
        _ = try await bench.send(.patch, "/api/issues/\(first)", #"{"title":"Sign-in fails"}"#)
        #expect(try await found(bench, "q=login") == [])
        _ = try await bench.send(.delete, "/api/issues/\(second)/comments/\(comment["id"]?.string ?? "")")
        #expect(try await found(bench, "q=token") == ["Sign-in fails"])
        _ = try await bench.send(.delete, "/api/issues/\(first)")
        #expect(try await found(bench, "q=token") == [])
        #expect(try await bench.send(.get, "/board-api/search").status == 400)
        await bench.bench.stop()
    }

    @Test func aSavedViewKeepsItsFilterOrderAndGrouping() async throws {
        let bench = try await BoardBench()
        for (title, more) in [
            ("A", ",\"priority\":\"low\""), ("B", ",\"priority\":\"high\""),
            ("C", ",\"priority\":\"high\",\"status\":\"resolved\""),
        ] {
            _ = try await bench.issue(title, more + ",\"project_id\":\"nexus\"")
        }
        let view = try await bench.make(
            "/board-api/views",
            #"{"name":"Open","filters":{"project_id":"nexus","status":["open"]},"sort":"priority","group_by":"priority"}"#)
        let path = "/board-api/views/\(view["id"]?.string ?? "")"
        let page = try await bench.send(.get, "\(path)/issues").json()
        guard case .array(let issues) = page["issues"], case .array(let groups) = page["groups"] else {
            Testing.Issue.record("no page")
            return
        }
        #expect(issues.compactMap { $0["title"]?.string } == ["B", "A"])
        #expect(groups.compactMap { $0["key"]?.string } == ["high", "low"])
        #expect(try await bench.send(.patch, path, #"{"filters":null}"#).status == 200)
        #expect(try await bench.send(.get, "\(path)/issues").json()["issues"]?.count == 3)
        for (body, status) in [
            (#"{"name":"Open"}"#, UInt16(409)), (#"{"name":""}"#, 400), (#"{"name":"X","sort":"luck"}"#, 400),
            (#"{"name":"X","filters":{"status":["nonsense"]}}"#, 400),
        ] {
            #expect(try await bench.send(.post, "/board-api/views", body).status == status, "\(body)")
        }
        #expect(try await bench.send(.delete, path).status == 204)
        #expect(try await bench.send(.get, "\(path)/issues").status == 404)
        await bench.bench.stop()
    }

    @Test func countsAndSumsFollowEveryChange() async throws {
        let bench = try await BoardBench()
        var ids: [String] = []
        for estimate in 1...4 { ids.append(try await bench.issue("T", ",\"project_id\":\"nexus\",\"estimate\":\(estimate)")) }
        func column(_ status: String, _ project: String = "nexus") async throws -> [Int] {
            let board = try await bench.send(.get, "/board-api?project_id=\(project)").decoded(Board.self)
            return board.columns.filter { $0.status == status }.flatMap { [$0.count, $0.estimate] }
        }
        #expect(try await column("todo") == [4, 10])
        _ = try await bench.send(.patch, "/api/issues/\(ids[0])", #"{"status":"closed"}"#)
        _ = try await bench.send(.patch, "/api/issues/\(ids[1])", #"{"estimate":20}"#)
        _ = try await bench.send(.patch, "/api/issues/\(ids[2])", #"{"project_id":"apollo"}"#)
        _ = try await bench.send(.delete, "/api/issues/\(ids[3])")
        #expect(try await column("todo") == [1, 20])
        #expect(try await column("done") == [1, 1])
        #expect(try await column("todo", "apollo") == [1, 3])
        await bench.bench.stop()
    }

    @Test func aDeletedProjectTakesItsIssuesAlong() async throws {
        let bench = try await BoardBench()
        let gone = try await bench.issue("gone", ",\"project_id\":\"nexus\"")
        let waits = try await bench.issue("waits", ",\"blocked_by\":\"\(gone)\"")
        try bench.goals.emit("project.deleted", "proj_1", ["id": "proj_1"])
        try await bench.goals.consumed()
        #expect(try await bench.send(.get, "/api/issues/\(gone)").status == 404)
        #expect(try await bench.status(waits) == "open")
        await bench.bench.stop()
    }

    @Test func eventsTellOfEveryChange() async throws {
        let bench = try await BoardBench()
        let crew = try await bench.crew()
        let id = try #require(try await bench.make("/api/v1/crews/\(crew)/issues", #"{"title":"T"}"#)["id"]?.string)
        _ = try await bench.send(.patch, "/api/v1/crews/\(crew)/issues/ENG-1", #"{"priority":"high"}"#)
        _ = try await bench.send(.patch, "/api/v1/crews/\(crew)/issues/ENG-1", #"{"priority":"high"}"#)
        _ = try await bench.send(.patch, "/api/v1/issues/bulk", "{\"ids\":[\"\(id)\"],\"updates\":{\"priority\":\"low\"}}")
        _ = try await bench.send(.delete, "/api/v1/crews/\(crew)/issues/ENG-1")
        let types = try await bench.events().map(\.type).filter { $0.hasPrefix("issue") }
        #expect(types == ["issue.created", "issue.updated", "issues.bulk_updated", "issue.deleted"])
        let bulk = try #require(try await bench.events("issues.bulk_updated").first)
        struct Told: Decodable { let count: Int }
        #expect(try bulk.data.decode(Told.self).count == 1)
        await bench.bench.stop()
    }

    @Test func anotherWorkspaceSeesNothing() async throws {
        let bench = try await BoardBench()
        let id = try await bench.issue("T")
        let stranger = TestBench.user(.owner, workspace: "other")
        for path in ["/api/issues/\(id)", "/api/projects/issues/\(id)", "/api/v1/issues/ISS-1"] {
            #expect(try await bench.send(.get, path, as: stranger).status == 404)
        }
        #expect(try await bench.send(.get, "/api/v1/issues", as: stranger).json().count == 0)
        await bench.bench.stop()
    }
}
