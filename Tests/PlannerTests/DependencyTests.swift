import Models
import Planner
import Testing

@Suite struct DependencyTests {
    @Test(arguments: [
        ("- A\n- B (after: A)", ["Tasks: A, B < A"]),
        ("- A\n- B (after A)", ["Tasks: A, B < A"]),
        ("- A\n- B [after: A]", ["Tasks: A, B < A"]),
        ("- A\n- B (AFTER: a) and more", ["Tasks: A, B and more < A"]),
        ("- A\n- B after: A", ["Tasks: A, B < A"]),
        ("- A\n- B depends on A", ["Tasks: A, B < A"]),
        ("- A\n- B - depends on: A", ["Tasks: A, B < A"]),
        ("- A\n- B (depends on A)", ["Tasks: A, B < A"]),
        ("- A\n- B\n- C (after: A, B)", ["Tasks: A, B, C < A & B"]),
        ("- A\n- B\n- C after: A and B", ["Tasks: A, B, C < A & B"]),
        ("- A\n- B\n- C (after: \"A\"; `B`) (depends on A)", ["Tasks: A, B, C < A & B"]),
        ("- B (after: A)\n- A", ["Tasks: B < A, A"]),
        ("- Compile the tree\n- Test (after: compile)", ["Tasks: Compile the tree, Test < Compile the tree"]),
        ("- Build, then sign\n- Ship (after: Build, then sign)", ["Tasks: Build, then sign, Ship < Build, then sign"]),
        ("- Salt and pepper\n- Eat (after: salt and pepper)", ["Tasks: Salt and pepper, Eat < Salt and pepper"]),
        ("- Build (linux)\n- Ship (after: Build (linux))", ["Tasks: Build (linux), Ship < Build (linux)"]),
        ("- A (after: B\n- B", ["Tasks: A < B, B"]),
        ("- Find what depends on libssl", ["Tasks: Find what depends on libssl"]),
        ("- Look after the tests", ["Tasks: Look after the tests"]),
        ("- Test it (after: Test)\n- Test", ["Tasks: Test it < Test, Test"]),
        (
            "## P\n- Setup\n- A (after: Setup)\n## Q\n- Setup\n- B (after: Setup)",
            [
                "P: Setup, A < Setup", "Q: Setup < Setup & A, B < Setup & A & Setup",
            ]
        ),
        ("## P\n- A\n## Q\n- B\n## R\n- C (after: P)", ["P: A", "Q: B < A", "R: C < A & B"]),
        ("## P\n- A\n- B\n## Q\n- C (after: A)", ["P: A, B", "Q: C < A & B"]),
    ])
    func anItemWaitsForTheTasksThatItNames(description: String, expected: [String]) throws {
        #expect(try outline(of: plan(description)) == expected)
    }

    @Test(arguments: [
        ("- A (after: Z)", "\"A\" waits for \"Z\", but no task is called that"),
        ("- A after: Z\n- B", "\"A\" waits for \"Z\", but no task is called that"),
        ("- A (after: Te)\n- Test\n- Tell", "\"A\" waits for \"Te\", but several tasks are called that"),
        ("- A long title (after: A)\n- B", "\"A long title\" waits for \"A\", but no task is called that"),
    ])
    func aNameThatFitsNoTaskIsAWarning(description: String, warning: String) throws {
        let draft = try plan(description)
        #expect(draft.warnings == [warning])
        #expect(draft.tasks.allSatisfy { $0.after.isEmpty })
    }

    @Test(arguments: [
        ("- A (after: A)", "A → A"),
        ("- A (after: B)\n- B (after: A)", "A → B → A"),
        ("- X (after: A)\n- A (after: B)\n- B (after: C)\n- C (after: A)\n- Y (after: X)", "A → B → C → A"),
        ("## P\n- A (after: B)\n## Q\n- B", "A → B → A"),
    ])
    func aCycleIsAnErrorThatNamesIt(description: String, cycle: String) throws {
        let error = try #require(refusal(of: description))
        #expect(error.kind == .validation)
        #expect(error.field == "description")
        #expect(error.code == "cycle")
        #expect(error.message == "description: these wait for each other in a cycle: " + cycle)
    }

    @Test func aLongCycleIsNamedInPart() throws {
        let items = (0..<100).map { "- T\($0)x (after: T\(($0 + 1) % 100)x)" }.joined(separator: "\n")
        let message = try #require(refusal(of: items)).message
        #expect(message.hasSuffix("T19x → … 80 more → T0x"))
    }
}
