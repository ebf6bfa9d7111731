import Glibc
import Loops
import Models
import Processes
import Synchronization
import Testing

@testable import Runner

@Suite(.timeLimit(.minutes(1)))
struct AgentRunTests {
    @Test func blocksRunInOrderAndEachLineIsALogLine() async throws {
        let description = """
            - [ ] Compile
              ```sh
              echo one; echo two >&2
              ```
            - [x] Look
              ```bash
              [[ a == a ]] && printf 'no newline'
              ```
            """
        try await RunFixture.with(description) { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let texts = fixture.runs.texts
            #expect(
                texts.filter { $0.hasPrefix("system") } == [
                    "system: [ ] Compile", "system: [x] Look", "system: block 1 of 2 (sh): echo one; echo two >&2",
                    "system: block 2 of 2 (bash): [[ a == a ]] && printf 'no newline'",
                ])
            #expect(texts.filter { $0.hasPrefix("std") }.sorted() == ["stderr: two", "stdout: no newline", "stdout: one"])
            let result = try #require(fixture.runs.result)
            #expect(result.output == "one\nno newline\n" && result.exitCode == 0 && result.failure == nil)
            #expect(result.summary == "2 blocks succeeded" && result.branch == nil)
            fixture.runs.state.withLock { state in
                #expect(state.faults.isEmpty)
                #expect(state.linesWhenResultCame == state.lines.count)
                #expect(state.heartbeats > 0)
            }
        }
    }

    @Test func aFailingBlockIsNamedAndLaterOnesDoNotRun() async throws {
        try await RunFixture.with(
            "```sh\necho a\n```\n```sh\nfalse_program() { return 4; }\nfalse_program\necho not\n```\n```sh\necho never\n```"
        ) { fixture in
            #expect(await fixture.run.run() == .reported(.failed))
            let result = try #require(fixture.runs.result)
            #expect(result.failure?.reason == .agentError && result.failure?.retryable == true && result.exitCode == 4)
            #expect(result.failure?.message == "block 2 of 3 exited 4: false_program() { return 4; }")
            #expect(!fixture.runs.texts.contains { $0.hasSuffix("never") || $0.hasSuffix(": not") })
        }
    }

    @Test func aTaskWithoutBlocksFallsBackToTheAgentsInstructionsOrFails() async throws {
        try await RunFixture.with("words") { context, _ in
            context.agent.instructions = "```sh\necho from the agent\n```"
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            #expect(fixture.runs.texts.contains("stdout: from the agent"))
        }
        try await RunFixture.with("words") { fixture in
            #expect(await fixture.run.run() == .reported(.failed))
            #expect(fixture.runs.result?.failure?.message.hasPrefix("nothing to run: ") == true)
        }
    }

    @Test func aBlockGetsTheRunsVariablesItsSecretsAndNothingElse() async throws {
        try await RunFixture.with("```sh\nenv | cut -d= -f1 | sort | tr '\\n' ' '; echo; echo \"$SECRET_ONE\"; pwd\n```") {
            fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let lines = fixture.runs.result?.output.split(separator: "\n") ?? []
            let names = Set(lines[0].split(separator: " "))
            #expect(
                names.isSuperset(of: [
                    "HOME", "NEXUS_AGENT_ID", "NEXUS_AGENT_TOKEN", "NEXUS_RUN_ID", "NEXUS_TASK_ID", "NEXUS_TASK_TITLE",
                    "NEXUS_URL",
                ]))
            #expect(names.isDisjoint(with: ["SECRET_TWO", "MODEL_KEY", "USER"]))
            #expect(lines[1] == "one" && lines[2].hasSuffix("/own/tree"))
        }
    }

    @Test func linesAreNumberedOnceThoughAnswersAreLost() async throws {
        try await RunFixture.with("```sh\ni=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo \"line $i\"; done\n```") { fixture in
            fixture.runs.state.withLock { $0.losesAnswers = true }
            #expect(await fixture.run.run() == .reported(.succeeded))
            let lines = fixture.runs.texts.filter { $0.hasPrefix("stdout") }
            #expect(lines == (1...3000).map { "stdout: line \($0)" })
            fixture.runs.state.withLock { #expect($0.faults.isEmpty) }
        }
    }

    @Test func longAndBrokenLinesAreCutAndMended() async throws {
        try await RunFixture.with(
            "```sh\nhead -c 200000 /dev/zero | tr '\\0' x; echo; printf 'a\\377b\\n'; head -c 1000000 /dev/zero; echo\n```"
        ) { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let lines = fixture.runs.state.withLock {
                $0.lines.values.filter { $0.stream == .stdout }.sorted { $0.n < $1.n }.map(\.text)
            }
            #expect(lines.prefix(4).map(\.utf8.count) == [65_536, 65_536, 65_536, 3_392])
            #expect(lines[4] == "a\u{FFFD}b")
            #expect(lines.dropFirst(5).reduce(0) { $0 + $1.utf8.count } == 1_000_000)
        }
    }

    @Test func cancellingEndsEverythingThatTheBlockStarted() async throws {
        try await RunFixture.with(
            "```sh\nsetsid sleep 300 &\n(setsid sh -c 'trap \"\" TERM; sleep 300; sleep 300' &)\necho started\nsleep 300\n```"
        ) { fixture in
            let loop = try #require(EventLoop.current)
            let ending = loop.task { await fixture.run.run() }
            await fixture.runs.line("started")
            let tree = ProcessTree(roots: [], marker: "NEXUS_RUN_ID=\(fixture.runID)")
            #expect(await tree.members().count >= 3)
            let start = ContinuousClock.now
            fixture.runs.state.withLock { $0.isCancelled = true }
            #expect(await ending.value == .reported(.failed))
            // Two or three seconds alone; other tests are at work at the same time.
            #expect(ContinuousClock.now - start < .seconds(15))
            #expect(await tree.members().isEmpty)
            #expect(fixture.runs.result?.failure?.reason == .cancelled)
        }
    }

    @Test func aRunThatTakesTooLongIsEnded() async throws {
        try await RunFixture.with("```sh\nsleep 300\n```") { context, _ in
            context.run.timeoutSeconds = 0.3
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.failed))
            #expect(fixture.runs.result?.failure?.reason == .timeout)
            #expect(fixture.runs.result?.failure?.message == "still at work after 0.3 s")
        }
    }

    @Test func aSupersededRunEndsQuietly() async throws {
        try await RunFixture.with("```sh\necho started\nsleep 300\n```") { fixture in
            let loop = try #require(EventLoop.current)
            let ending = loop.task { await fixture.run.run() }
            await fixture.runs.line("started")
            fixture.runs.state.withLock { $0.isSuperseded = true }
            #expect(await ending.value == .superseded)
            #expect(fixture.runs.result == nil)
            #expect(await ProcessTree(roots: [], marker: "NEXUS_RUN_ID=\(fixture.runID)").members().isEmpty)
        }
    }

    @Test func aTerminatedRunnerEndsItsProgramsAndReportsNothing() async throws {
        try await RunFixture.with("```sh\necho started\nsleep 300\n```") { fixture in
            let loop = try #require(EventLoop.current)
            let ending = loop.task { await fixture.run.run() }
            await fixture.runs.line("started")
            fixture.run.terminate()
            #expect(await ending.value == .terminated)
            #expect(fixture.runs.result == nil)
        }
    }

    @Test func aPausedRunWaitsBeforeItsNextBlock() async throws {
        try await RunFixture.with("```sh\necho started; while [ ! -e go ]; do sleep 0.01; done\n```\n```sh\necho second\n```") {
            fixture in
            let loop = try #require(EventLoop.current)
            let ending = loop.task { await fixture.run.run() }
            await fixture.runs.line("started")
            fixture.runs.state.withLock { $0.isPaused = true }
            let before = fixture.runs.state.withLock { $0.heartbeats }
            for await _ in fixture.runs.changes where fixture.runs.state.withLock({ $0.heartbeats }) > before + 1 { break }
            try RunFixture.sh("touch '\(fixture.folder)/own/tree/go'", in: fixture.folder)
            await fixture.runs.line("paused before block 2 of 2")
            #expect(!fixture.runs.texts.contains("stdout: second"))
            fixture.runs.state.withLock { $0.isPaused = false }
            #expect(await ending.value == .reported(.succeeded))
            #expect(fixture.runs.texts.contains("stdout: second"))
        }
    }

    @Test func aProgramInTheBackgroundDoesNotHoldUpTheRun() async throws {
        try await RunFixture.with("```sh\n(sleep 300; echo late) &\necho first\n```\n```sh\necho second\n```") { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            #expect(fixture.runs.result?.output == "first\nsecond\n")
        }
    }

    @Test func aCommandGetsThePromptAndItsOutputIsTheRuns() async throws {
        try await RunFixture.with("Do the thing.") { context, _ in
            context.agent.model = AgentModel(provider: .command, command: ["sh", "-c", "cat; echo done; exit $0", "0"])
            context.agent.instructions = "Be brief."
            context.skills = [SkillContext(slug: "rust", version: "1.0.0", content: "Use cargo.")]
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let output = fixture.runs.result?.output ?? ""
            for part in [
                "You are Builder.", "Be brief.", "# Skill: rust 1.0.0", "Use cargo.", "# Task: Build it", "Do the thing.",
            ] {
                #expect(output.contains(part))
            }
            #expect(fixture.runs.result?.summary == "done" && fixture.runs.result?.exitCode == 0)
        }
    }

    @Test(arguments: [
        (["sh", "-c", "echo oh; exit 9"], "sh exited 9: oh"),
        (["no-such-program"], "the agent's command cannot be run: no-such-program: find: No such file or directory"),
    ])
    func aCommandThatFailsSaysHow(command: [String], message: String) async throws {
        try await RunFixture.with("x") { context, _ in
            context.agent.model = AgentModel(provider: .command, command: command)
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.failed))
            #expect(fixture.runs.result?.failure == Failure(.agentError, message))
        }
    }
}
