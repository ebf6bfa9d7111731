import HTTP
import Identity
import Models
import Service
import SuiteTesting
import Synchronization
import Testing

@testable import Memory

/// The memory scope through its router, as people use it.
@Suite struct MemoryRoutesTests {
    @Test func aMemoryIsMadeReadChangedAndForgotten() async throws {
        let bench = try await FakePeers.bench()
        let created = try await bench.send(
            .memory, .post, "/memory-api",
            json:
                #"{"content":"Deploys go out","scope":"project","project_id":"nexus","tags":["deploy"],"importance":0.9}"#
        )
        #expect(created.status == 201)
        let memory = try created.decoded(Models.Memory.self)
        #expect(memory.id.hasPrefix("mem_"))
        #expect(memory.projectID == "proj_1")
        #expect(memory.kind == "note")
        let path = "/memory-api/\(memory.id)"
        #expect(created.header("location") == path)
        #expect(try await bench.send(.memory, .get, path).bytes == created.bytes)

        let tag = [("if-match", created.header("etag") ?? "")]
        let changed = try await bench.send(.memory, .patch, path, json: #"{"scope":"global","tags":null}"#, headers: tag)
        #expect(changed.status == 200)
        #expect(try changed.decoded(Models.Memory.self).projectID == nil)
        #expect(try await bench.send(.memory, .patch, path, json: "{}", headers: tag).status == 412)
        #expect(try await bench.found("tags=deploy") == [])
        #expect(try await bench.send(.memory, .delete, path).status == 204)
        #expect(try await bench.send(.memory, .get, path).status == 404)
        #expect(try await bench.found("q=deploys") == [])
        await bench.stop()
    }

    @Test func badBodiesNameTheField() async throws {
        let bench = try await FakePeers.bench()
        for (body, field) in [
            (#"{"scope":"global"}"#, "content"),
            (#"{"content":"  \n"}"#, "content"),
            (#"{"content":"x","scope":"everywhere"}"#, "scope"),
            (#"{"content":"x","scope":"project"}"#, "project_id"),
            (#"{"content":"x","scope":"agent_private"}"#, "agent_id"),
            (#"{"content":"x","scope":"global","project_id":"nexus"}"#, "project_id"),
            (#"{"content":"x","project_id":"nowhere"}"#, "project_id"),
            (#"{"content":"x","project_id":"../x"}"#, "project_id"),
            (#"{"content":"x","agent_id":"nobody"}"#, "agent_id"),
            (#"{"content":"x","importance":1.5}"#, "importance"),
            (#"{"content":"x","importance":"high"}"#, "importance"),
            (#"{"content":"x","tags":["a",""]}"#, "tags[1]"),
            (#"{"content":"x","expires_at":"tomorrow"}"#, "expires_at"),
            (#"{"content":"x","expires_at":"2001-01-01T00:00:00Z"}"#, "expires_at"),
        ] {
            let answer = try await bench.send(.memory, .post, "/memory-api", json: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == field, "\(body): \(answer.text)")
        }
        #expect(try await bench.send(.memory, .get, "/memory-api").json()["memories"] == .array([]))
        await bench.stop()
    }

    @Test func searchLooksWhereItsModeSays() async throws {
        let bench = try await FakePeers.bench()
        _ = try await bench.remember(#"{"content":"Postgres needs a vacuum every night","tags":["database"]}"#)
        _ = try await bench.remember(#"{"content":"The database is behind the proxy","tags":["network"],"importance":0.9}"#)
        _ = try await bench.remember(#"{"content":"Lunch is at noon","tags":["team"]}"#)
        #expect(Set(try await bench.found("q=database")).count == 2)
        #expect(try await bench.found("q=database&mode=text") == ["The database is behind the proxy"])
        #expect(try await bench.found("q=database&mode=tags") == ["Postgres needs a vacuum every night"])
        #expect(try await bench.found("q=vacuuming+postgres") == ["Postgres needs a vacuum every night"])
        #expect(try await bench.found("q=postgres+lunch").count == 2)
        #expect(try await bench.found("q=database&tags=network") == ["The database is behind the proxy"])
        #expect(try await bench.found("tags=team") == ["Lunch is at noon"])
        #expect(try await bench.found("tags=team,network") == [])
        #expect(try await bench.found("q=%22%27)*+OR+NEAR(") == [])
        let answer = try await bench.send(.memory, .post, "/memory-api/search", json: #"{"q":"proxy","limit":1}"#)
        let results = try answer.decoded(MemorySearchResults.self).results
        #expect(results.count == 1)
        #expect(results.first.map { $0.score > 0 && $0.snippet.contains("proxy") } == true)
        for (body, field) in [
            (#"{}"#, "q"), (#"{"q":"x","limit":0}"#, "limit"), (#"{"q":"x","mode":"vector"}"#, "mode"),
            (#"{"q":"x","tags":7}"#, "tags"),
        ] {
            let bad = try await bench.send(.memory, .post, "/memory-api/search", json: body)
            #expect(bad.status == 400)
            #expect(try bad.json()["field"]?.string == field)
        }
        #expect(try await bench.send(.memory, .get, "/memory-api/search?q=x&limit=201").status == 400)
        #expect(try await bench.send(.memory, .get, "/memory-api/search").status == 400)
        await bench.stop()
    }

    @Test func searchAndListsFilterByWhatAMemoryIsOf() async throws {
        let bench = try await FakePeers.bench()
        _ = try await bench.remember(#"{"content":"global word"}"#)
        _ = try await bench.remember(#"{"content":"project word","project_id":"nexus","importance":1}"#)
        _ = try await bench.remember(#"{"content":"private word","agent_id":"a"}"#)
        #expect(try await bench.found("q=word").count == 3)
        #expect(try await bench.found("q=word&scope=project") == ["project word"])
        #expect(try await bench.found("q=word&project_id=nexus") == ["project word"])
        #expect(try await bench.found("q=word&agent_id=agent_a") == ["private word"])
        #expect(try await bench.found("q=word", as: TestBench.user(.viewer, workspace: "ws_other")) == [])
        for (query, first, count) in [
            ("", "private word", 3), ("sort=importance", "project word", 3), ("project_id=proj_1", "project word", 1),
            ("agent_id=a", "private word", 1), ("scope=global", "global word", 1), ("kind=decision", nil, 0),
        ] {
            guard case .array(let list) = try await bench.send(.memory, .get, "/memory-api?\(query)").json()["memories"] else {
                Issue.record("no memories")
                return
            }
            #expect(list.count == count, "\(query)")
            #expect(list.first?["content"]?.string == first, "\(query)")
        }
        #expect(try await bench.send(.memory, .get, "/memory-api?scope=all").status == 400)
        let many = (0..<2000).map { "t\($0)" }.joined(separator: ",")
        #expect(try await bench.send(.memory, .get, "/memory-api?tags=\(many)").status == 400)
        await bench.stop()
    }

    @Test func whatHasExpiredIsNotFound() async throws {
        let time = TestClock()
        let bench = try await FakePeers.bench(clock: time.clock)
        let expiry = time.now.adding(seconds: 60).rfc3339
        let memory = try await bench.remember(#"{"content":"short lived","tags":["t"],"expires_at":"\#(expiry)"}"#)
        #expect(try await bench.found("q=short") == ["short lived"])
        time.advance(seconds: 60)
        #expect(try await bench.found("q=short") == [])
        #expect(try await bench.found("tags=t") == [])
        #expect(try await bench.send(.memory, .get, "/memory-api").json()["memories"] == .array([]))
        for method in [Method.get, .delete] {
            #expect(try await bench.send(.memory, method, "/memory-api/\(memory.id)").status == 404)
        }
        let service = bench.hosts[.memory]?.service as? MemoryService
        #expect(try await service?.sweep() == 1)
        #expect(try await service?.sweep() == 0)
        await bench.stop()
    }

    @Test func rolesAndWorkspacesHold() async throws {
        let bench = try await FakePeers.bench()
        let body = #"{"content":"x"}"#
        #expect(try await bench.send(.memory, .post, "/memory-api", json: body, as: nil).status == 401)
        #expect(try await bench.send(.memory, .post, "/memory-api", json: body, as: TestBench.user(.viewer)).status == 403)
        let made = try await bench.send(.memory, .post, "/memory-api", json: body, as: TestBench.user(.editor))
        #expect(made.status == 201)
        let path = made.header("location") ?? ""
        let elsewhere = TestBench.user(.owner, workspace: "ws_other")
        #expect(try await bench.send(.memory, .get, path, as: elsewhere).status == 404)
        #expect(try await bench.send(.memory, .delete, path, as: elsewhere).status == 404)
        #expect(try await bench.send(.memory, .put, path, json: "{}").status == 405)
        await bench.stop()
    }
}

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_750_000_000_000))

    var now: Timestamp { time.withLock { $0 } }
    var clock: WallClock { WallClock { [self] in now } }

    func advance(seconds: Double) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}
