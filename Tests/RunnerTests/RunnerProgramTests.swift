import Glibc
import Loops
import Models
import Processes
import Testing

@testable import Runner

/// The program itself, in a process of its own.
@Suite(.timeLimit(.minutes(1)))
struct RunnerProgramTests {
    private static func program(_ fixture: RunFixture) throws -> Command {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let test = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The tests run in their own executable, or in a helper that is given their bundle: the program lies beside it.
        let candidates = ([test] + CommandLine.arguments).compactMap { path in
            path.lastIndex(of: "/").map { String(path[..<$0]) + "/nexus-agent-runner" }
        }
        let path = try #require(candidates.first { access($0, X_OK) == 0 })
        return Command(
            path, ["--work", fixture.folder + "/own", "--heartbeat-seconds", "0.05"],
            environment: [
                "NEXUS_URL": "unix:\(fixture.folder)/api.sock", "NEXUS_AGENT_TOKEN": "nxa_test", "NEXUS_RUN_ID": fixture.runID,
                "PATH": "/usr/local/bin:/usr/bin:/bin",
            ])
    }

    @Test func aRunEndsWithItsResultAndLeavesNobodyBehind() async throws {
        // Out of its session, out of its parent's hands, and without the mark in its environment.
        let script = "(env -i setsid sh -c 'echo $$ >pid; exec sleep 300' &)\nwhile [ ! -s pid ]; do sleep 0.01; done; cat pid"
        try await RunFixture.with("```sh\n\(script)\n```") { fixture in
            let process = try Subprocess.spawn(try RunnerProgramTests.program(fixture))
            #expect(await process.exit.reason == .exited(0))
            let output = try #require(fixture.runs.result?.output)
            let pid = try #require(pid_t(output.dropLast()))
            // It may still wait to be reaped by whoever does that on this machine.
            #expect(ProcessIdentity(pid: pid)?.isAlive != true)
        }
    }

    @Test func aTerminatedProgramTakesItsOwnWithIt() async throws {
        try await RunFixture.with("```sh\nsetsid sleep 300 &\necho started; sleep 300\n```") { fixture in
            let process = try Subprocess.spawn(try RunnerProgramTests.program(fixture))
            await fixture.runs.line("started")
            process.signal(SIGTERM)
            #expect(await process.exit.reason == .exited(1))
            #expect(fixture.runs.result == nil)
            #expect(await ProcessTree(roots: [], marker: "NEXUS_RUN_ID=\(fixture.runID)").members().isEmpty)
        }
    }

    @Test func whatIsMissingIsSaid() async throws {
        try await RunFixture.with("x") { fixture in
            var command = try RunnerProgramTests.program(fixture)
            command.environment["NEXUS_RUN_ID"] = nil
            let finished = try await Subprocess.run(command)
            #expect(finished.exit.reason == .exited(2))
            #expect(finished.errorText.hasPrefix("nexus-agent-runner: NEXUS_RUN_ID: not set\nusage: "))
        }
    }
}
