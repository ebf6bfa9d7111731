import Glibc
import HTTP
import Identity
import Models
import Processes
import SuiteTesting
import Testing

@testable import Runs

/// The queue and the processes, with runners that are shell scripts.
@Suite struct DispatchTests {
    @Test func aQueuedRunIsLaunchedWithACleanEnvironmentInAFolderOfItsOwn() async throws {
        let runs = try await RunsBench(runner: "env > \"$HOME/../environment\"; pwd >> \"$HOME/../environment\"; exec sleep 1000")
        let run = try await runs.start(runs.given()[0])
        #expect(run.status == .queued)
        let text = try await Files.waitFor("\(runs.bench.folder)/runs/\(run.id)/environment")
        let names = Set(text.split(separator: "\n").compactMap { $0.split(separator: "=").first.map(String.init) })
        #expect(
            names.isSubset(of: [
                "NEXUS_URL", "NEXUS_AGENT_TOKEN", "NEXUS_RUN_ID", "NEXUS_TASK_ID", "NEXUS_AGENT_ID", "TRACEPARENT", "PATH",
                "HOME", "LANG",
                "PWD", "SHLVL",
                "_", "OLDPWD", "\(runs.bench.folder)/runs/\(run.id)/1",
            ]), "\(names)")
        #expect(text.contains("NEXUS_URL=http://127.0.0.1:9\n"))
        #expect(text.hasSuffix("/runs/\(run.id)/1\n"))
        let token = try #require(text.split(separator: "\n").first { $0.hasPrefix("NEXUS_AGENT_TOKEN=") }).dropFirst(18)
        let binding = try await resolve(String(token), runs)
        #expect(binding.runID == run.id)
        #expect(!binding.ended)
        _ = try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/cancel")
        #expect(try await resolve(String(token), runs).ended)
        await runs.stop()
    }

    private func resolve(_ token: String, _ runs: RunsBench) async throws -> RunBinding {
        let question = #"{"token_hash":"\#(Identity.Base64URL.string(Token.hash(Array(token.utf8))))"}"#
        return try await runs.bench.send(.runs, .post, "/internal/agent-tokens/resolve", json: question, as: .service("gateway"))
            .decoded(RunBinding.self)
    }

    @Test func anAgentHasNoMoreRunsAtOnceThanItMay() async throws {
        let runs = try await RunsBench()
        let tasks = runs.given(tasks: 3, agent: .test { $0.maxConcurrentRuns = 2 })
        var started: [Run] = []
        for task in tasks { started.append(try await runs.start(task)) }
        _ = try await runs.runner(of: started[0].id)
        _ = try await runs.runner(of: started[1].id)
        #expect(try await runs.run(started[2].id).status == .queued)
        _ = try await runs.bench.send(.runs, .post, "/runs-api/\(started[0].id)/cancel")
        _ = try await runs.runner(of: started[2].id)
        await runs.stop()
    }

    @Test func theMachineHasNoMoreRunsAtOnceThanItMay() async throws {
        let runs = try await RunsBench { $0.runsMax = 1 }
        let tasks = runs.given(tasks: 2, agent: .test { $0.maxConcurrentRuns = 10 })
        let first = try await runs.start(tasks[0])
        let second = try await runs.start(tasks[1])
        _ = try await runs.runner(of: first.id)
        #expect(try await runs.run(second.id).status == .queued)
        await runs.stop()
    }

    @Test func urgentTasksComeFirstThenOldOnes() async throws {
        let runs = try await RunsBench()
        let peers = runs.peers
        peers.add(Agent.test { $0.enabled = true })
        let blocker = try await runs.start(runs.given()[0])
        _ = try await runs.runner(of: blocker.id)
        var queued: [Run] = []
        for (name, priority) in [("low", Priority.low), ("old", .high), ("new", .high), ("urgent", .urgent)] {
            peers.add(AgentTask.test("task_\(name)") { $0.priority = priority })
            queued.append(try await runs.start("task_\(name)"))
        }
        var order: [String] = []
        var running = blocker
        for _ in 0..<4 {
            _ = try await runs.bench.send(.runs, .post, "/runs-api/\(running.id)/cancel")
            running = try await nextDispatched(runs, after: running)
            order.append(running.taskID)
        }
        #expect(order == ["task_urgent", "task_old", "task_new", "task_low"])
        await runs.stop()
    }

    private func nextDispatched(_ runs: RunsBench, after last: Run) async throws -> Run {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            let dispatched = try await runs.database.read { [service = runs.service] in
                try service.transitions.work.dispatched($0)
            }
            if let work = dispatched.first, work.runID != last.id {
                _ = try await runs.runner(of: work.runID)
                return try await runs.run(work.runID)
            }
            await Task.yield()
        }
        throw RunsBench.TimedOut(what: "the next run")
    }

    @Test func twoClaimersNeverGetTheSameRun() async throws {
        let runs = try await RunsBench { $0.runsMax = 1 }
        let tasks = runs.given(tasks: 20, agent: .test { $0.maxConcurrentRuns = 100 })
        let blocker = try await runs.start(tasks[0])
        _ = try await runs.runner(of: blocker.id)
        for task in tasks.dropFirst() { _ = try await runs.start(task) }
        let work = runs.service.transitions.work
        let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var mine: [String] = []
                    while let claim = try await runs.database.write({
                        try work.claim(runsMax: 1000, leaseExpiresAt: WallClock.system.now(), in: $0)
                    }) { mine.append(claim.runID) }
                    return mine
                }
            }
            return try await group.reduce(into: [String]()) { $0 += $1 }
        }
        #expect(claimed.count == 19)
        #expect(Set(claimed).count == 19)
        await runs.stop()
    }

    /// A grandchild that has made a session of its own and let go of its parent.
    private static let escaping = """
        setsid sh -c 'echo $$ > "$0"; exec sleep 1000' "$HOME/../grandchild" </dev/null >/dev/null 2>&1 &
        exec sleep 1000
        """

    private func grandchild(_ runs: RunsBench, _ run: Run) async throws -> ProcessIdentity {
        let text = try await Files.waitFor("\(runs.bench.folder)/runs/\(run.id)/grandchild")
        return try #require(ProcessIdentity(pid: Int32(text.dropLast()) ?? 0))
    }

    @Test func aCancelledRunDiesWithItsWholeTree() async throws {
        let runs = try await RunsBench(runner: Self.escaping)
        let run = try await runs.start(runs.given()[0])
        let runner = try await runs.runner(of: run.id)
        let grandchild = try await grandchild(runs, run)
        let start = ContinuousClock.now
        let answer = try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/cancel", json: #"{"reason":"enough"}"#)
        #expect(answer.status == 200)
        let cancelled = try answer.decoded(Run.self)
        #expect(cancelled.status == .cancelled)
        #expect(cancelled.failure?.reason == .cancelled)
        #expect(cancelled.failure?.message == "cancelled: enough")
        try await onLoop { _ in
            await runner.ended()
            await grandchild.ended()
        }
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(try await runs.bench.send(.runs, .post, "/runs-api/\(run.id)/cancel").status == 409)
        #expect(try await runs.bench.send(.runs, .get, "/runs-api/\(run.id)/result").decoded(RunResult.self).status == .cancelled)
        await runs.stop()
    }

    @Test func aRunOverItsTimeDiesWithItsWholeTree() async throws {
        let runs = try await RunsBench(runner: Self.escaping)
        let run = try await runs.start(runs.given()[0], seconds: 1)
        let grandchild = try await grandchild(runs, run)
        let finished = try await runs.event("run.finished", of: run.id)
        #expect(finished.status == .timedOut)
        #expect(finished.failure?.reason == .timeout)
        try await onLoop { _ in await grandchild.ended() }
        #expect(WallClock.system.now().seconds(since: run.createdAt) < 6)
        await runs.stop()
    }

    @Test func aKilledRunnerIsALossAndTheNextAttemptFollowsAtOnce() async throws {
        let runs = try await RunsBench()
        let run = try await runs.start(runs.given()[0])
        try await runs.runner(of: run.id).signal(SIGKILL)
        let lost = try await runs.event("run.lost", of: run.id)
        #expect(lost.attempt == 1)
        let requeued = try await runs.event("run.requeued", of: run.id)
        #expect(requeued.status == .queued)
        #expect(requeued.attempt == 2)
        try await runs.runner(of: run.id, attempt: 2).signal(SIGKILL)
        let finished = try await runs.event("run.finished", of: run.id)
        #expect(finished.status == .lost)
        #expect(finished.failure?.reason == .lostHeartbeat)
        #expect(finished.attempt == 2)
        await runs.stop()
    }

    @Test func aRunnerThatEndsWithoutAResultFailsItsRun() async throws {
        let runs = try await RunsBench(runner: "exit 3")
        let run = try await runs.start(runs.given()[0])
        let finished = try await runs.event("run.finished", of: run.id)
        #expect(finished.status == .failed)
        #expect(finished.failure?.reason == .agentError)
        #expect(finished.exitCode == 3)
        await runs.stop()
    }

    @Test func aRunnerThatCannotBeStartedFailsItsRun() async throws {
        let runs = try await RunsBench { $0.runnerPath = "/nowhere/runner" }
        let run = try await runs.start(runs.given()[0])
        let finished = try await runs.event("run.finished", of: run.id)
        #expect(finished.failure?.reason == .launchFailed)
        await runs.stop()
    }

    @Test func silenceForAsLongAsTheLeaseIsALoss() async throws {
        let clock = TestClock()
        let runs = try await RunsBench(clock: clock.clock)
        let run = try await runs.start(runs.given()[0])
        let runner = try await runs.runner(of: run.id)
        #expect(try await runs.report("heartbeat", run).status == 200)
        clock.advance(seconds: 29)
        #expect(try await runs.report("heartbeat", run).decoded(HeartbeatAnswer.self).status == .running)
        clock.advance(seconds: 29)
        runs.service.dispatcher.wake()
        #expect(try await runs.run(run.id).status == .running)
        clock.advance(seconds: 2)
        runs.service.dispatcher.wake()
        let lost = try await runs.event("run.lost", of: run.id)
        #expect(lost.failure?.message == "no sign of life for 30 s")
        try await onLoop { _ in await runner.ended() }
        _ = try await runs.runner(of: run.id, attempt: 2)
        #expect(try await runs.report("heartbeat", run, attempt: 1).status == 409)
        await runs.stop()
    }

    @Test func aLivingRunnerIsAdoptedAfterARestartAndADeadOneFoundAtOnce() async throws {
        let peers = FakePeers()
        let first = try await RunsBench(peers: peers)
        let tasks = first.given(tasks: 2, agent: .test { $0.maxConcurrentRuns = 2 })
        let living = try await first.start(tasks[0])
        let dying = try await first.start(tasks[1])
        let survivor = try await first.runner(of: living.id)
        let victim = try await first.runner(of: dying.id)
        await first.bench.stop()
        #expect(survivor.isAlive)
        victim.signal(SIGKILL)
        try await onLoop { _ in await victim.ended() }

        let second = try await RunsBench(folder: first.bench.folder, peers: peers)
        try await second.event("run.requeued", of: dying.id)
        #expect(try await second.report("heartbeat", living).status == 200)
        #expect(survivor.isAlive)
        let report = #"{"status":"succeeded","summary":"done","output":""}"#
        #expect(try await second.report("result", living, json: report).status == 200)
        survivor.signal(SIGKILL)
        #expect(try await second.run(living.id).status == .succeeded)
        await second.stop()
    }

    @Test func aSuiteThatEndsHandsItsRunsOver() async throws {
        let peers = FakePeers()
        let first = try await RunsBench(peers: peers)
        let run = try await first.start(first.given()[0])
        let runner = try await first.runner(of: run.id)
        await first.stop()
        #expect(!runner.isAlive)
        let second = try await RunsBench(folder: first.bench.folder, peers: peers)
        let requeued = try await second.event("run.requeued", of: run.id)
        #expect(requeued.attempt == 2)
        _ = try await second.runner(of: run.id, attempt: 2)
        // Handing over is no loss: two attempts may still be lost.
        try await second.runner(of: run.id, attempt: 2).signal(SIGKILL)
        _ = try await second.runner(of: run.id, attempt: 3)
        await second.stop()
    }

    @Test func tasksThatAreReadyStartByThemselvesAndOnceOnly() async throws {
        let runs = try await RunsBench()
        let task = AgentTask.test(runs.given()[0])
        try runs.peers.tell("task.dispatch", subject: task.id, task)
        try runs.peers.tell("task.dispatch", subject: task.id, task)
        let listed = try await runs.bench.eventually(.runs, "/runs-api?task_id=\(task.id)") { answer in
            guard case .array(let items)? = try answer.json()["runs"] else { return false }
            return items.count == 1 && items[0]["status"]?.string == "starting"
        }
        let id = try #require(listed.text.firstMatch(of: #/run_[0-9a-z]{26}/#)).output
        _ = try await runs.runner(of: String(id))
        try runs.peers.tell("task.interrupted", subject: task.id, task)
        #expect(try await runs.event("run.finished", of: String(id)).status == .cancelled)
        let all = try await runs.bench.send(.runs, .get, "/runs-api").json()
        guard case .array(let items)? = all["runs"] else { throw RunsBench.Missing() }
        #expect(items.count == 1)
        await runs.stop()
    }

    @Test func aDisabledAgentsRunsWaitAndADeletedOnesFail() async throws {
        let runs = try await RunsBench()
        let agent = Agent.test { $0.enabled = false }
        let task = AgentTask.test(runs.given(agent: agent)[0])
        try runs.peers.tell("task.dispatch", subject: task.id, task)
        let listed = try await runs.bench.eventually(.runs, "/runs-api") { $0.text.contains("queued") }
        let id = String(try #require(listed.text.firstMatch(of: #/run_[0-9a-z]{26}/#)).output)
        let conflict = try await runs.bench.send(.runs, .post, "/runs-api", json: #"{"task_id":"\#(task.id)"}"#)
        #expect(conflict.status == 409)
        try runs.peers.tell("agent.deleted", subject: agent.id, agent)
        let finished = try await runs.event("run.finished", of: id)
        #expect(finished.failure?.reason == .agentMissing)
        await runs.stop()
    }
}
