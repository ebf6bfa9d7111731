import Planner
import Testing

@Suite struct DescriptionTests {
    @Test(arguments: [
        // A block under an item, at each way of writing it.
        ("- A\n  ```sh\n  make\n  ```", "```sh\nmake\n```"),
        ("- A\n```sh\nmake\n```", "```sh\nmake\n```"),
        ("- A\n\n```sh\nmake\n```", "```sh\nmake\n```"),
        ("- A\n\n    ~~~sh\n    make\n      deep\n    ~~~", "~~~sh\nmake\n  deep\n~~~"),
        ("1. A\n\t```sh\n\tmake\n\t\ttabbed\n\t```", "```sh\nmake\n\ttabbed\n```"),
        ("- A\r\n  ```sh\r\n  make\r\n  ```\r\n", "```sh\nmake\n```"),
        ("- A\n  ````md\n  ```sh\n  make\n  ```\n  ````", "````md\n```sh\nmake\n```\n````"),
        ("- A\n  ```sh\n\n  # not a heading\n  - not an item\n  ```", "```sh\n\n# not a heading\n- not an item\n```"),
        ("- A\n  ```sh\ncat <<END\n- x\nEND\n  ```", "```sh\ncat <<END\n- x\nEND\n```"),
        ("- A\n  First.\n  ```sh\n  a\n  ```\n  Then:\n\n  ```sh\n  b\n  ```", "First.\n```sh\na\n```\nThen:\n\n```sh\nb\n```"),
        ("- A\n  ```\n  unclosed", "```\nunclosed\n```"),
        ("- A\n\nSome prose.\n\n```sh\nmake\n```", "```sh\nmake\n```"),
        // Prose.
        (
            "- A\n  more of it\n\n  and a paragraph\n      with its indentation",
            "more of it\n\nand a paragraph\n    with its indentation"
        ),
        ("- A\nlazily continued", "lazily continued"),
        // Sub-steps.
        ("- A\n  - one\n  - [x] two\n    1. deep\n  - three", "- [ ] one\n- [x] two\n  - [ ] deep\n- [ ] three"),
        ("- A\n\t- one\n\t\tabout one\n\t\t```sh\n\t\tmake\n\t\t```", "- [ ] one\n  about one\n```sh\nmake\n```"),
        ("1. A\n   - one\n2. B", "- [ ] one"),
        // Dependencies on lines of their own are taken out, prose that only looks like one stays.
        ("- A\n  before\n  after: B\n  behind\n- B", "before\nbehind"),
        ("- A\n  (depends on B)\n- B", ""),
        ("- A\n  Depends on B\n- B", ""),
        ("- A\n  Depends on the weather\n- B", "Depends on the weather"),
        ("- A\n  After B comes C.\n- B", "After B comes C."),
    ])
    func whatStandsUnderAnItemIsItsDescription(description: String, expected: String) throws {
        #expect(try plan(description).tasks.first?.description == expected)
    }

    @Test func anItemThatBeginsWithCodeIsCalledByItsFirstLine() throws {
        let draft = try plan("- ```sh\n  make\n  ```\n- B")
        #expect(draft.tasks.map(\.title) == ["make", "B"])
        #expect(draft.tasks.map(\.description) == ["```sh\nmake\n```", ""])
    }

    @Test func aForgottenFenceSwallowsNoItemThatFollows() throws {
        let draft = try plan("- A\n  ```sh\n  make\n- B\n  ```sh\n  make test\n  ```\n- C")
        #expect(draft.tasks.map(\.title) == ["A", "B", "C"])
        #expect(draft.tasks.map(\.description) == ["```sh\nmake\n```", "```sh\nmake test\n```", ""])
        #expect(draft.warnings == ["the code block that begins on line 2 is never closed"])
    }

    @Test func codeBeforeTheFirstItemIsKeptInTheNotesAndSaidNotToRun() throws {
        let draft = try plan("## P\nFirst:\n```sh\nsetup\n```\n- A")
        #expect(draft.phases[0].notes == "First:\n\n```sh\nsetup\n```")
        #expect(draft.warnings == ["the code before the first item of \"P\" belongs to no task and is not run"])
    }

    @Test func aTitleThatIsTooLongIsCutAndKeptWholeInTheDescription() throws {
        let long = String(repeating: "word ", count: 100) + "end"
        let task = try #require(try plan("- \(long)\n  body\n  after: B\n  tail\n- B").tasks.first)
        #expect(task.title.count == 200)
        #expect(task.title.hasSuffix("…"))
        #expect(task.description == long + "\n\nbody\ntail")
        #expect(task.after == ["t2"])
    }
}
