import Models
import Planner
import Testing

@Suite struct RefinerTests {
    private let description = """
        ## Build
        - Compile @builder
        - Link to libc (after: Compile)
        ## Check
        - Test
        - Lint
        """

    private func refined(_ instruction: String) throws -> [String] {
        try outline(of: PlanRefiner.refine(plan(description), instruction: instruction))
    }

    @Test(arguments: [
        ("add a task: Fuzz", ["Build: Compile, Link to libc < Compile", "Check: Test < B, Lint < B, Fuzz < B"]),
        (
            "Add a task: Strip to Build",
            ["Build: Compile, Link to libc < Compile, Strip", "Check: Test < B & Strip, Lint < B & Strip"]
        ),
        (
            "- add a task: Sign it after lint.",
            ["Build: Compile, Link to libc < Compile", "Check: Test < B, Lint < B, Sign it < B & Lint"]
        ),
        (
            "add a task: Go to sea to Build after Compile, Link",
            ["Build: Compile, Link to libc < Compile, Go to sea < B", "Check: Test < B & Go to sea, Lint < B & Go to sea"]
        ),
        (
            "add a task: Look after it",
            ["Build: Compile, Link to libc < Compile", "Check: Test < B, Lint < B, Look after it < B"]
        ),
        ("remove Lint", ["Build: Compile, Link to libc < Compile", "Check: Test < B"]),
        ("remove Check", ["Build: Compile, Link to libc < Compile"]),
        ("remove Compile", ["Build: Link to libc", "Check: Test < Link to libc, Lint < Link to libc"]),
        (
            "rename Link to libc to Link",
            ["Build: Compile, Link < Compile", "Check: Test < Compile & Link, Lint < Compile & Link"]
        ),
        ("move lint to build", ["Build: Compile, Link to libc < Compile, Lint", "Check: Test < B & Lint"]),
        ("Test after Lint", ["Build: Compile, Link to libc < Compile", "Check: Test < B & Lint, Lint < B"]),
        (
            "add a phase: Publish\nadd a task: Tag to Publish\nadd a task: Tell after Tag",
            [
                "Build: Compile, Link to libc < Compile", "Check: Test < B, Lint < B",
                "Publish: Tag < Test & Lint, Tell < Test & Lint & Tag",
            ]
        ),
    ])
    func aSentenceChangesThePlan(instruction: String, expected: [String]) throws {
        #expect(try refined(instruction) == expected.map { $0.replacing("< B", with: "< Compile & Link to libc") })
    }

    @Test func anAgentIsAssigned() throws {
        let draft = try PlanRefiner.refine(
            plan(description), instruction: "assign Test to @tester\nassign Compile to linker\nadd a task: X @y")
        #expect(draft.tasks.map(\.agent) == ["linker", nil, "tester", nil, "y"])
    }

    @Test(arguments: [
        ("make it nicer", "is not understood; what is understood is \"add a task: T"),
        ("", "say what to change: what is understood is \"add a task: T"),
        ("remove Deploy", "no one task or phase is called \"Deploy\""),
        ("rename Deploy to Ship", "no one task is called \"Deploy\""),
        ("move Test to Publish", "no phase is called \"Publish\""),
        ("Test after Deploy", "no one task is called \"Deploy\""),
        ("assign Test to somebody else", "\"somebody else\" is no agent's slug"),
        ("add a phase: build", "there is a phase \"build\" already"),
        ("add a task: @x", "a task needs a title"),
        ("Compile after Link", "these wait for each other in a cycle: Compile → Link to libc → Compile"),
        ("Compile after Test", "these wait for each other in a cycle: Compile → Test → Compile"),
        (String(repeating: "remove Test\n", count: 101), "must have at most 100 lines"),
    ])
    func whatCannotBeDoneIsRefusedWithItsReason(instruction: String, reason: String) throws {
        let draft = try plan(description)
        let error = #expect(throws: ServiceError.self) { try PlanRefiner.refine(draft, instruction: instruction) }
        #expect(error?.field == "instruction")
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func anEndlessLineIsRefused() throws {
        let line = "rename " + String(repeating: "to to ", count: 2_000) + "x"
        #expect(throws: ServiceError.self) { try PlanRefiner.refine(plan(description), instruction: line) }
    }
}
