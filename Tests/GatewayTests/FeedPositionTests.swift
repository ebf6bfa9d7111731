import Models
import Testing

@testable import Gateway

@Suite struct FeedPositionTests {
    @Test func aPositionSurvivesItsText() throws {
        let positions: [[Int64]] = [
            [0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 35, 36, 0, 123_456_789, 0, 0, 0, 7], [Int64](repeating: .max, count: 9),
            [5, -1_790_000_000_000, 0, 0, 0, 0, 0, -1, 3],
        ]
        for values in positions {
            let position = FeedPosition(values)
            #expect(FeedPosition(position.text) == position, "\(position.text)")
        }
        #expect(FeedPosition([1, 35, 36, 0, 0, 0, 0, 0, 0]).text == "1.z.10......")
    }

    @Test(arguments: [
        "-1", "1.2.3.4.5.6.7.8.9.10", "A", "1,2", " 1", "~", "~0", "~~1", "1.~-5", "zzzzzzzzzzzzzz", "1\n", "é",
        String(repeating: "1", count: 161),
    ])
    func whatNoFeedHasGivenOutIsNoPosition(_ text: String) { #expect(FeedPosition(text) == nil) }

    @Test func aServiceThatATextDoesNotKnowIsReadFromItsBeginning() {
        #expect(FeedPosition("a.b")?.values == [10, 11, 0, 0, 0, 0, 0, 0, 0])
        #expect(FeedPosition("")?.values == [Int64](repeating: 0, count: 9))
    }

    @Test func positionsAreComparedServiceByService() {
        let left = FeedPosition([1, 2, 3, 0, 0, 0, 0, 0, 0])
        let right = FeedPosition([1, 3, 2, 0, 0, 0, 0, 0, 0])
        #expect(left.covers(left))
        #expect(!left.covers(right))
        #expect(!right.covers(left))
        // A sequence says more than a time, and an earlier time less is missing after than a later one.
        let (early, late) = (Timestamp(milliseconds: 1000), Timestamp(milliseconds: 2000))
        #expect(FeedPosition.since(early) > FeedPosition.since(late))
        #expect(FeedPosition.since(early) < 0)
    }

    @Test(arguments: [("issue.created", true), ("issue.*", true), ("*", true), ("run.*", false), ("issue.", false)])
    func patternsMatchTypes(_ pattern: String, _ matches: Bool) throws {
        #expect(try #require(FeedFilter.Pattern(pattern)).matches("issue.created") == matches)
    }

    @Test(arguments: ["", "issue*", "**", "a b", "Issue.*", ".*x", String(repeating: "a", count: 65)])
    func whatMatchesNoTypeIsNoPattern(_ text: String) { #expect(FeedFilter.Pattern(text) == nil) }
}
