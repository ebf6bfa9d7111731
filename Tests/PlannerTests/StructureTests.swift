import Models
import Planner
import Testing

@Suite struct StructureTests {
    @Test func theExampleOfTheDocumentationIsDraftedAsItSays() throws {
        let description = "## Build\n- [ ] Compile\n  ```sh\n  make\n  ```\n- [ ] Test (after: Compile)\n## Publish\n- [ ] Tag"
        let draft = try BuiltInPlanner.plan(title: "Release 1.2", description: description)
        #expect(
            draft
                == PlanDraft(phases: [
                    PlanPhase(
                        name: "Build",
                        tasks: [
                            PlannedTask(key: "t1", title: "Compile", description: "```sh\nmake\n```", phase: "Build"),
                            PlannedTask(key: "t2", title: "Test", description: "", after: ["t1"], phase: "Build"),
                        ]),
                    PlanPhase(
                        name: "Publish",
                        tasks: [PlannedTask(key: "t3", title: "Tag", description: "", after: ["t1", "t2"], phase: "Publish")]),
                ]))
    }

    @Test(arguments: [
        ("- A\n- B", ["Tasks: A, B"]),
        ("* A\n+ B\n1. C\n2) D", ["Tasks: A, B, C, D"]),
        ("# P\n- A\n# Q\n- B\n# R\n- C", ["P: A", "Q: B < A", "R: C < B"]),
        ("P\n===\n- A\n\nQ\n---\n- B", ["P: A", "Q: B < A"]),
        ("## P ##\n- A", ["P: A"]),
        ("# Doc\nprose\n## P\n- A\n## Q\n- B\n- C", ["P: A", "Q: B < A, C < A"]),
        ("- A\n## P\n- B", ["Tasks: A", "P: B < A"]),
        ("## P\r\n- A\r\n- B\r\n", ["P: A, B"]),
        ("## P\r- A\r- B", ["P: A, B"]),
        ("## P\n- A\n## P\n- B", ["P: A", "P (2): B < A"]),
        ("##\n- A", ["Tasks: A"]),
        ("#42 is not a heading\n- A", ["Tasks: A"]),
        ("- **Bold title**\n- A:", ["Tasks: Bold title, A"]),
        ("- A\n***\n- B\n- - -\n- C", ["Tasks: A, B, C"]),
        ("   - A\n- B", ["Tasks: A, B"]),
        ("- [ ] A\n-\n- [ ]\n- B", ["Tasks: A, B"]),
        ("- - - A", ["Tasks: A"]),
        ("- -x", ["Tasks: -x"]),
        ("- [link](x)", ["Tasks: [link](x)"]),
        ("## Build\n```sh\nmake\n```\n## Test\n```sh\nmake test\n```", ["Build: Build", "Test: Test < Build"]),
        ("# Doc\n## Build\nRun make.\n## Test\nRun the tests.", ["Build: Build", "Test: Test < Build"]),
        ("## P\n- [x] A\n## Q\n- B", ["Q: B"]),
    ])
    func aDescriptionBecomesPhasesAndTasks(description: String, expected: [String]) throws {
        #expect(try outline(of: plan(description)) == expected)
    }

    @Test(arguments: ["", "Make it good.", "Make it good.\n\nAnd fast.", "```sh\nmake\n```", "   ", "# ", "-", "---"])
    func aDescriptionWithoutStructureIsOneTaskWithAllOfIt(description: String) throws {
        let draft = try plan(description)
        #expect(
            draft.phases == [
                PlanPhase(
                    name: "Tasks", tasks: [PlannedTask(key: "t1", title: "Goal", description: description, phase: "Tasks")])
            ])
    }

    @Test func proseOutsideOfItemsIsKeptAsNotes() throws {
        let draft = try plan("Why we do this.\n\nSecond thought.\n## P\nAbout P.\n- A\n\nMore of P.\n# Q\nOnly prose.")
        #expect(draft.phases.map(\.notes) == ["About P.\n\nMore of P."])
        #expect(draft.notes == "Why we do this.\n\nSecond thought.\n\nQ\n\nOnly prose.")
        #expect(draft.tasks.map(\.description) == [""])
    }

    @Test func aCheckedItemIsLeftOutAndSaidSo() throws {
        let draft = try plan("- [x] Compile\n  ```sh\n  make\n  ```\n- [ ] Test (after: Compile)\n- [X] Lint")
        #expect(outline(of: draft) == ["Tasks: Test"])
        #expect(draft.warnings == ["\"Compile\" is checked already and left out", "\"Lint\" is checked already and left out"])
    }

    @Test func whenAllIsCheckedThereIsNothingLeftToDo() throws {
        let draft = try plan("- [x] Compile\n- [x] Test")
        #expect(draft.phases.isEmpty)
        #expect(draft.warnings.last == "every item is checked already: there is nothing left to do")
    }

    @Test func anAgentIsNamedInTheItemOrInTheHeadingOfItsPhase() throws {
        let draft = try plan(
            """
            ## Build @builder
            - [ ] Compile
            - [ ] Test @test-runner (after: Compile)
            - Check (@reviewer)
            - Mail a@b.example, read `@docs`, install @types/node, ask @Lead.
            """)
        #expect(draft.phases.map(\.name) == ["Build"])
        #expect(draft.tasks.map(\.agent) == ["builder", "test-runner", "reviewer", "lead"])
        #expect(
            draft.tasks.map(\.title) == [
                "Compile", "Test", "Check", "Mail a@b.example, read `@docs`, install @types/node, ask .",
            ])
    }

    @Test func aDraftCrossesTheWireAndComesBackTheSame() throws {
        let draft = try plan("Intro\n## P\n- A @x\n- B (after: A, Z)")
        #expect(try JSON.roundTrip(draft) == draft)
    }
}
