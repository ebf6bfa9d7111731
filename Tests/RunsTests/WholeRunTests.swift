import Glibc
import HTTP
import Identity
import Loops
import Models
import Processes
import Service
import SuiteTesting
import Testing

@testable import Runs

/// Stands where the gateway does: knows agents by their tokens, and passes on what they say.
struct TokenGateway: Responder {
    let bench: TestBench

    func respond(to request: Request) async -> Response {
        var request = request
        guard let host = bench.hosts[.runs] else { return Response(503) }
        do {
            let credential = Credential.from(
                authorization: request.headers.value("authorization"), apiKeyHeader: nil, cookie: nil)
            guard let token = credential?.token else { return Response(401) }
            let resolve = AgentTokens.resolver(by: bench.base.peers(for: "gateway"))
            guard let principal = try await resolve(token, bench.base.clock.now()) else { return Response(401) }
            request.headers.add(
                InternalAssertion.header, try bench.base.signer.header(for: principal, now: bench.base.clock.now()))
        } catch {
            return Response(503)
        }
        return await host.respond(to: request)
    }
}

/// Runs with the real runner, over a real socket.
@Suite struct WholeRunTests {
    private static let runner = "\(Executables.folder)/nexus-agent-runner"

    /// A bench whose runners report to a gateway on a port of its own.
    private func bench(
        folder: String = TestBench.makeFolder(), peers: FakePeers = FakePeers(),
        configure: (inout ServiceConfiguration) -> Void = { _ in }
    ) async throws -> (RunsBench, HTTPServer) {
        try #require(access(Self.runner, X_OK) == 0, "the runner is not built: \(Self.runner)")
        let socket = "\(folder)/gateway.sock"
        let runs = try await RunsBench(folder: folder, peers: peers) {
            $0.runnerPath = Self.runner
            $0.publicURL = "unix:\(socket)"
            $0.heartbeatSeconds = 0.2
            configure(&$0)
        }
        let server = HTTPServer(group: runs.bench.base.loops, responder: TokenGateway(bench: runs.bench))
        unlink(socket)
        _ = try server.listen(on: .unix(path: socket))
        return (runs, server)
    }

    private func task(_ script: String) -> AgentTask {
        AgentTask.test { $0.description = "Do it:\n\n```sh\n\(script)\n```\n" }
    }

    private func finish(_ runs: RunsBench, _ server: HTTPServer) async {
        await runs.stop()
        await runs.bench.base.loops.next().task { await server.shutdown(within: .seconds(1)) }.value
    }

    private func log(_ runs: RunsBench, _ run: Run) async throws -> [LogLine] {
        let answer = try await runs.bench.send(
            .runs, .get, "/runs-api/\(run.id)/logs", headers: [("accept", "application/x-ndjson")])
        return try answer.text.split(separator: "\n").map { try JSON.decode(LogLine.self, from: Array($0.utf8)) }
    }

    @Test func aRunbookRunsAndLeavesItsLinesItsResultAndItsArtifacts() async throws {
        let (runs, server) = try await bench()
        runs.peers.add(Agent.test())
        runs.peers.add(task("echo one\necho two >&2\necho kept > \"$NEXUS_ARTIFACTS/kept.txt\""))
        let run = try await runs.start("task_1")
        let finished = try await runs.event("run.finished", of: run.id)
        #expect(finished.status == .succeeded, "\(finished)")
        let lines = try await log(runs, run)
        #expect(lines.map(\.seq) == (1...Int64(lines.count)).map { $0 })
        #expect(lines.contains { $0.text == "one" && $0.stream == .stdout })
        #expect(lines.contains { $0.text == "two" && $0.stream == .stderr })
        let result = try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/result").decoded(RunResult.self)
        #expect(result.artifacts.contains { $0.name == "kept.txt" && $0.bytes == 5 })
        #expect(result.output.contains("one"))
        await finish(runs, server)
    }

    @Test func aFailingBlockIsNamed() async throws {
        let (runs, server) = try await bench()
        runs.peers.add(Agent.test())
        runs.peers.add(task("echo before\nexit 4"))
        let run = try await runs.start("task_1")
        let finished = try await runs.event("run.finished", of: run.id)
        #expect(finished.status == .failed)
        #expect(finished.failure?.reason == .agentError)
        #expect(finished.failure?.message.hasPrefix("block 1 of 1 exited 4: ") == true, "\(finished)")
        await finish(runs, server)
    }

    @Test func aRunGoesOnWhileTheServiceIsAwayAndHasOneOutcome() async throws {
        let peers = FakePeers()
        let (first, server) = try await bench(peers: peers)
        let folder = first.bench.folder
        first.peers.add(Agent.test())
        first.peers.add(task("echo begun > \"\(folder)/begun\"\nwhile [ ! -e \"\(folder)/go\" ]; do sleep 0.05; done\necho over"))
        let run = try await first.start("task_1")
        _ = try await Files.waitFor("\(folder)/begun")
        let runner = try await first.runner(of: run.id)
        // Gone without a word, as after kill -9: nothing is drained.
        await first.bench.stop()
        await first.bench.base.loops.next().task { await server.shutdown(within: .milliseconds(10)) }.value
        try Files.write("go\n", to: "\(folder)/go")
        #expect(runner.isAlive)
        let (second, other) = try await bench(folder: folder, peers: peers)
        let finished = try await second.event("run.finished", of: run.id)
        #expect(finished.status == .succeeded, "\(finished)")
        #expect(finished.attempt == 1)
        #expect(try await log(second, run).filter { $0.text == "over" }.count == 1)
        await finish(second, other)
    }

    @Test func aKilledRunnersRunIsDoneByTheNextAttempt() async throws {
        let (runs, server) = try await bench()
        let folder = runs.bench.folder
        runs.peers.add(Agent.test())
        runs.peers.add(
            task(
                "echo try\nif [ ! -e \"\(folder)/begun\" ]; then echo x > \"\(folder)/begun\"; exec sleep 1000; fi\necho finally")
        )
        let run = try await runs.start("task_1")
        _ = try await Files.waitFor("\(folder)/begun")
        try await runs.runner(of: run.id).signal(SIGKILL)
        let finished = try await runs.event("run.finished", of: run.id)
        #expect(finished.status == .succeeded, "\(finished)")
        #expect(finished.attempt == 2)
        let lines = try await log(runs, run)
        #expect(lines.map(\.seq) == (1...Int64(lines.count)).map { $0 })
        #expect(lines.contains { $0.stream == .system && $0.text.contains("attempt 1 is lost") })
        #expect(lines.contains { $0.text == "finally" })
        await finish(runs, server)
    }

    @Test func aCancelledRunsProgramsDieWhereverTheyAre() async throws {
        let (runs, server) = try await bench()
        let folder = runs.bench.folder
        runs.peers.add(Agent.test())
        runs.peers.add(task("setsid sh -c 'echo $$ > \"\(folder)/child\"; exec sleep 1000' &\nexec sleep 1000"))
        let run = try await runs.start("task_1")
        let child = try #require(ProcessIdentity(pid: Int32(try await Files.waitFor("\(folder)/child").dropLast()) ?? 0))
        let start = ContinuousClock.now
        #expect(try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/cancel").status == 200)
        try await onLoop { _ in await child.ended() }
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(try await runs.run(run.id).status == .cancelled)
        await finish(runs, server)
    }
}
