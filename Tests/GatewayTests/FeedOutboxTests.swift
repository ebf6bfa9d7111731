import Models
import Testing

@testable import Gateway

/// How the gateway reads a service's outbox.
@Suite struct FeedOutboxTests {
    @Test func aPageMayBeOfOneWorkspaceAndStillSaysHowFarItReaches() async throws {
        let bench = try await FeedBench()
        for number in 1...10 { try await bench.tell(.goals, "goal.created", "g\(number)", in: number % 2 == 0 ? "even" : "odd") }
        let first = try await bench.page(.goals, "after=0&limit=3&workspace=even")
        #expect(first.events.map(\.subjectID) == ["g2", "g4", "g6"])
        #expect(first.last == 6)
        let second = try await bench.page(.goals, "after=\(first.last)&limit=3&workspace=even")
        #expect(second.events.map(\.subjectID) == ["g8", "g10"])
        #expect(second.last == 10)
        let third = try await bench.page(.goals, "after=0&limit=3&workspace=other")
        #expect(third.events.isEmpty)
        #expect(third.last == 10)
        try await bench.stop()
    }

    @Test func aReaderMayBeginNowOrAtATime() async throws {
        let bench = try await FeedBench()
        try await bench.tell(.goals, "goal.created", "g1")
        let now = try await bench.page(.goals, "after=now")
        #expect(now.start == 1)
        #expect(now.last == 1)
        #expect(now.events.isEmpty)
        let past = try await bench.page(.goals, "since=0")
        #expect(past.start == 0)
        #expect(past.events.count == 1)
        let future = try await bench.page(.goals, "since=\(bench.base.clock.now().adding(seconds: 60).milliseconds)")
        #expect(future.start == 1)
        #expect(future.events.isEmpty)
        try await bench.stop()
    }

    @Test func manyEventsOfOthersAreLookedAtInSmallReads() async throws {
        let bench = try await FeedBench()
        for _ in 1...3 { try await bench.tellMany(.goals, "goal.created", 2000, in: "other") }
        try await bench.tell(.goals, "goal.created", "mine")
        var after: Int64 = 0
        var found: [String] = []
        var pages = 0
        while after < 6001, pages < 10 {
            let page = try await bench.page(.goals, "after=\(after)&workspace=default")
            found += page.events.map(\.subjectID)
            #expect(page.last > after)
            after = page.last
            pages += 1
        }
        #expect(found == ["mine"])
        #expect(pages == 2)
        try await bench.stop()
    }
}
