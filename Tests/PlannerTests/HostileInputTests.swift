import Models
import Planner
import Testing

/// Descriptions that no one wrote for a good purpose: each is planned, or refused with a 400, in time linear in its length.
@Suite(.timeLimit(.minutes(2))) struct HostileInputTests {
    static var unlimited: BuiltInPlanner.Limits {
        var limits = BuiltInPlanner.Limits()
        limits.descriptionBytesMax = 1 << 30
        return limits
    }

    static func repeated(_ unit: String, bytes: Int) -> String { String(repeating: unit, count: bytes / unit.utf8.count) }

    @Test(arguments: [
        "a", " ", "\n", "\t", "\r", "\r\n", "#", "# a\n", "- ", "- \n", "- a\n", "- [x] a\n", "-", "`", "```\n", "```a\n",
        "- ```\n", "- ```a\n",
        "~~~\n", "(", "(after: ", "- (after: a\n", "- a (after: b, c)\n", "[after", "@", "@a ", "- @a\n", "a\n===\n", "===\n",
        "depends on ",
        "- a depends on b\n", "after: a\n", "  - a\n", "\t- a\n", "1. ", "1", "* * ", "\u{0}", "\u{301}", "é,", "- a\n  ```\n",
        "- a\n  ```\n b\n", "- a\n  b\n\n", "## \n", "** ", "- \"\n",
    ])
    func anyUnitRepeatedManyTimesIsPlannedOrRefused(unit: String) {
        let description = HostileInputTests.repeated(unit, bytes: 64 << 10)
        if let error = refusal(of: description, limits: HostileInputTests.unlimited) { #expect(error.kind == .validation) }
        // The same behind one item, where it is a description.
        if let error = refusal(of: "- item\n  " + description, limits: HostileInputTests.unlimited) {
            #expect(error.kind == .validation)
        }
    }

    @Test func fiveMegabytesOfItemsAndCodeAreRefusedForTheirNumberOnceRead() {
        let description = HostileInputTests.repeated(
            "## P\n- [x] A (after: B) @c\n  text\n  ```sh\n  make\n  ```\n", bytes: 5 << 20)
        #expect(refusal(of: description, limits: HostileInputTests.unlimited) == nil)
        #expect(refusal(of: description)?.field == "description")
    }

    @Test func tenThousandLevelsOfNestingAreOneTask() throws {
        let description = (0..<10_000).map {
            String(repeating: "\t", count: min($0, 400)) + String(repeating: "  ", count: $0 / 40) + "- level \($0)"
        }
        let draft = try plan(description.joined(separator: "\n"), limits: HostileInputTests.unlimited)
        #expect(draft.tasks.count == 1)
        #expect(draft.tasks[0].title == "level 0")
    }

    @Test func aThousandTasksThatNameEachOtherAreResolvedAtOnce() throws {
        let names = (0..<1_000).map { "task number \($0) end" }
        let items = names.enumerated().map { "- \($1) (after: \(names[..<$0].suffix(90).joined(separator: ", ")))" }
        let draft = try plan(items.joined(separator: "\n"), limits: HostileInputTests.unlimited)
        #expect(draft.tasks.last?.after.count == 90)
        #expect(draft.warnings.isEmpty)
    }

    @Test func whatIsOverALimitIsRefusedNamingIt() throws {
        let limits = BuiltInPlanner.Limits()
        let tooLong = String(repeating: "a", count: limits.descriptionBytesMax + 1)
        #expect(refusal(of: tooLong)?.message == "description: must be at most 1048576 bytes")
        let tooMany = String(repeating: "- a\n", count: limits.tasksMax + 1)
        #expect(refusal(of: tooMany)?.message == "description: must have at most 1000 tasks")
        let half = String(repeating: "- a\n", count: limits.tasksMax / 2)
        #expect(
            refusal(of: half + "# P\n" + half)?.message == "description: must have at most 100000 dependencies between its tasks")
        #expect(try plan(String(repeating: "- a\n", count: limits.tasksMax)).tasks.count == limits.tasksMax)
    }

    @Test func warningsAreCountedWhenTheyAreTooMany() throws {
        let draft = try plan(String(repeating: "- [x] a\n", count: 150) + "- b")
        #expect(draft.warnings.count == 101)
        #expect(draft.warnings.last == "and 50 more warnings")
    }

    /// A small generator of structure: whatever it makes, each task is there once, and each dependency names a task.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func anyMixOfPiecesGivesAPlanThatHoldsTogether(seed: UInt64) throws {
        let pieces = [
            "# ", "## P\n", "- ", "- [ ] A", "- [x] B", "\n", "\n\n", "  ", "\t", "```", "```sh\n", "~~~", "(after: A)",
            "(after: ", ")", "@x ",
            "depends on A", "after: B", "===", "---", "1. C", "text", " ", "\r\n", ",", "* ", "`",
        ]
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var description = ""
        for _ in 0..<60 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            description += pieces[Int(state >> 33) % pieces.count]
        }
        do {
            let draft = try plan(description)
            #expect(try PlanGraph(draft).order()?.count == draft.tasks.count)
            for task in draft.tasks { #expect(!task.title.isEmpty) }
            for phase in draft.phases { #expect(!phase.tasks.isEmpty && phase.tasks.allSatisfy { $0.phase == phase.name }) }
        } catch let error as ServiceError {
            #expect(error.code == "cycle")
        }
    }
}
