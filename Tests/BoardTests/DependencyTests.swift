import Models
import Storage
import SuiteTesting
import Testing

@testable import Board

/// Dependencies move statuses, whatever happens at the same time.
@Suite struct DependencyTests {
    @Test func resolvingTheLastBlockerReopensItsDependents() async throws {
        let bench = try await BoardBench()
        let (a, b) = (try await bench.issue("A"), try await bench.issue("B"))
        let c = try await bench.issue("C", ",\"blocked_by\":\"\(a)\"")
        #expect(try await bench.status(c) == "blocked")
        let link = try await bench.make(
            "/api/projects/issues/\(c)/links", "{\"targetIssueId\":\"\(b)\",\"linkType\":\"BlockedBy\"}")
        _ = try await bench.send(.patch, "/api/issues/\(a)", #"{"status":"resolved"}"#)
        #expect(try await bench.status(c) == "blocked")
        #expect(try await bench.send(.delete, "/api/projects/links/\(link["id"]?.string ?? "")").status == 204)
        #expect(try await bench.status(c) == "open")
        _ = try await bench.send(.patch, "/api/issues/\(a)", #"{"status":"open"}"#)
        #expect(try await bench.status(c) == "blocked")
        #expect(try await bench.send(.delete, "/api/issues/\(a)").status == 204)
        #expect(try await bench.status(c) == "open")
        await bench.bench.stop()
    }

    @Test func blockedIssuesAreNotWorkedOnAndTheBlockersAreNamed() async throws {
        let bench = try await BoardBench()
        let a = try await bench.issue("A")
        let b = try await bench.issue("B", ",\"blocked_by\":\"\(a)\"")
        let refused = try await bench.send(.patch, "/api/issues/\(b)", #"{"status":"in_progress"}"#)
        #expect(refused.status == 409 && refused.text.contains("ISS-1"), "\(refused.text)")
        #expect(try await bench.send(.patch, "/api/issues/\(a)", #"{"status":"blocked"}"#).status == 409)
        #expect(try await bench.send(.patch, "/api/issues/\(b)", #"{"status":"open"}"#).json()["status"]?.string == "blocked")
        await bench.bench.stop()
    }

    @Test func aCycleIsRefusedAndNamed() async throws {
        let bench = try await BoardBench()
        var ids: [String] = []
        for title in ["A", "B", "C"] { ids.append(try await bench.issue(title)) }
        for (from, to) in [(0, 1), (1, 2)] {
            _ = try await bench.make(
                "/api/projects/issues/\(ids[from])/links", "{\"targetIssueId\":\"\(ids[to])\",\"linkType\":\"Blocks\"}")
        }
        let closing = try await bench.send(
            .post, "/api/projects/issues/\(ids[0])/links", "{\"targetIssueId\":\"\(ids[2])\",\"linkType\":\"BlockedBy\"}")
        #expect(closing.status == 409, "\(closing.text)")
        for name in ["ISS-1", "ISS-2", "ISS-3"] { #expect(closing.text.contains(name), "\(closing.text)") }
        await bench.bench.stop()
    }

    /// Random graphs under random interleavings of link, unlink, resolve, reopen, work and delete, from many tasks at once.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func noIssueWaitsForNothingAndNoneIsOpenThatIsBlocked(_ seed: UInt64) async throws {
        let bench = try await BoardBench()
        var ids: [String] = []
        for index in 0..<12 { ids.append(try await bench.issue("I\(index)")) }
        let issues = ids
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var random = SplitMix(state: seed &* 1000 &+ UInt64(worker))
                    for _ in 0..<40 { try await Self.step(bench, issues, &random) }
                }
            }
            try await group.waitForAll()
        }
        let faults = try await bench.bench.hosts[.board]?.environment.database.readLong { reader in
            try reader.all(
                """
                SELECT i.id || ' ' || i.status FROM issues i
                WHERE i.status NOT IN ('done', 'closed', 'cancelled') AND (i.status = 'waiting') <> EXISTS (
                    SELECT 1 FROM issue_links l JOIN issues b ON b.workspace_id = l.workspace_id AND b.id = l.source_id
                    WHERE l.workspace_id = i.workspace_id AND l.target_id = i.id AND l.kind = 'blocks'
                        AND b.status NOT IN ('done', 'closed', 'cancelled'))
                """
            ) { $0.text(0) }
        }
        #expect(faults == [], "seed \(seed)")
        await bench.bench.stop()
    }

    private static func step(_ bench: BoardBench, _ ids: [String], _ random: inout SplitMix) async throws {
        let (one, other) = (ids[random.below(ids.count)], ids[random.below(ids.count)])
        let answer: TestAnswer
        switch random.below(10) {
        case 0...3:
            let type = ["Blocks", "BlockedBy"][random.below(2)]
            answer = try await bench.send(
                .post, "/api/projects/issues/\(one)/links", "{\"targetIssueId\":\"\(other)\",\"linkType\":\"\(type)\"}")
        case 4:
            let links = try await bench.send(.get, "/api/projects/issues/\(one)/links").json()
            guard case .array(let all) = links, !all.isEmpty, let id = all[random.below(all.count)]["id"]?.string else { return }
            answer = try await bench.send(.delete, "/api/projects/links/\(id)")
        case 5, 6: answer = try await bench.send(.patch, "/api/issues/\(one)", #"{"status":"resolved"}"#)
        case 7: answer = try await bench.send(.patch, "/api/issues/\(one)", #"{"status":"open"}"#)
        case 8: answer = try await bench.send(.patch, "/api/issues/\(one)", #"{"status":"in_progress"}"#)
        default:
            answer =
                random.below(4) == 0
                ? try await bench.send(.delete, "/api/issues/\(one)")
                : try await bench.send(.post, "/api/projects/issues/\(one)/close?force=true")
        }
        #expect([200, 201, 204, 400, 404, 409].contains(answer.status), "\(answer.status) \(answer.text)")
    }
}

/// A seeded source of random numbers: SplitMix64.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}
