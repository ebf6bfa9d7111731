import Loops
import Models
import Service
import Storage
import Synchronization

/// Starts what is queued, watches what runs, ends what must end. One task that sleeps until the bell rings or something is due.
///
/// Everything that it must not forget is in the database, so it can be killed at any moment: the next one finds the same rows.
final class Dispatcher: Sendable {
    /// The longest sleep: a wall clock that was set forward is noticed after this.
    static let sleepMax = Duration.seconds(30)
    /// Between questions to the agents service about an agent that is not known here.
    static let unknownAgentsEvery = Duration.seconds(1)
    static let tidyEverySeconds: Double = 3600

    private struct State {
        /// The runners that this process watches.
        var runners: [Attempt: any LaunchedRunner] = [:]
        /// Those that are being ended.
        var ending: Set<Attempt> = []
        /// What starts and watches each attempt. No child tasks: a runner's end is not waited for when this service ends.
        var watches: [Attempt: Task<Void, Never>] = [:]
        var isDraining = false
        var tidiedAt: Timestamp?
    }

    private let transitions: RunTransitions
    private let launcher: any Launcher
    private let directory: AgentDirectory
    private let bell: Bell
    private let state = Mutex(State())
    private let idle = Bell()

    private var environment: ServiceEnvironment { transitions.environment }
    private var database: Database { environment.database }
    private var now: Timestamp { environment.clock.now() }

    init(_ transitions: RunTransitions, launcher: any Launcher, directory: AgentDirectory) {
        self.transitions = transitions
        self.launcher = launcher
        self.directory = directory
        bell = transitions.bell
    }

    /// How many attempts have processes here.
    var runnerCount: Int { state.withLock { $0.runners.count } }

    /// Takes up what an earlier process left, then works until the task is cancelled. Called on an event loop.
    func run() async {
        defer { for watch in state.withLock({ Array($0.watches.values) }) { watch.cancel() } }
        await retrying("taking up earlier runs") { try await self.adopt() }
        while !Task.isCancelled {
            let heard = bell.count
            var pause = Dispatcher.sleepMax
            do {
                try await endDoomed()
                try await expire()
                try await claim()
                pause = min(pause, try await learnAgents())
                pause = min(pause, try await untilNextDue())
                try await tidy()
            } catch is CancellationError {
                return
            } catch {
                environment.log.error("dispatch failed", ["cause": "\(error)"])
                pause = .seconds(1)
            }
            // try?: a cancelled wait ends the loop by its condition.
            try? await bell.wait(past: heard, within: pause)
        }
    }

    /// Looks at everything again now: for whoever has moved the clock.
    func wake() { bell.ring() }

    /// Hands over what is under way: it goes back into the queue, and its runners are told to stop.
    func handOver() async {
        state.withLock { $0.isDraining = true }
        do {
            try await database.write { [transitions] transaction in
                for work in try transitions.work.dispatched(transaction) {
                    let stored = try transitions.runs.run(work.runID, in: work.workspace, transaction)
                    try transitions.requeue(
                        stored, work, losses: work.losses,
                        saying: "attempt \(work.attempt) is handed over: the suite is shutting down",
                        in: transaction)
                }
                // Those that have reported their result had time to end by themselves.
                try transitions.processes.doomAll(at: transitions.environment.clock.now(), in: transaction)
                transitions.ring(after: transaction)
            }
        } catch {
            environment.log.error("runs could not be handed over", ["cause": "\(error)"])
        }
    }

    /// Returns when no runner is left, or after `limit`.
    func quiet(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while !Task.isCancelled, ContinuousClock.now < deadline {
            let seen = idle.count
            if runnerCount == 0 { return }
            // try?: a cancelled wait ends the loop by its condition.
            try? await idle.wait(past: seen, within: deadline - .now)
        }
    }

    /// Gives living runners a whole lease again, and finds out about dead ones at once.
    private func adopt() async throws {
        let lease = now.adding(seconds: environment.configuration.leaseSeconds)
        let left = try await database.write { [transitions] transaction in
            try transitions.work.rearm(until: lease, in: transaction)
            return try transitions.processes.all(transaction)
        }
        for launched in left {
            let runner = await launcher.adopt(launched.attempt, identity: launched.identity)
            state.withLock { $0.runners[launched.attempt] = runner }
            follow(launched.attempt) { await self.watch(launched.attempt, runner) }
        }
    }

    private func claim() async throws {
        let most = environment.configuration.runsMax
        while !state.withLock({ $0.isDraining }),
            try await database.read({ [transitions] in try transitions.work.hasClaimable(runsMax: most, $0) }),
            let claim = try await database.write({ [transitions] in try transitions.claim(in: $0) })
        {
            let attempt = Attempt(runID: claim.run.id, number: claim.run.attempt)
            follow(attempt) { await self.trace(claim) { await self.start(claim, attempt) } }
        }
    }

    /// Has an attempt followed to its end, on this loop.
    private func follow(_ attempt: Attempt, _ body: @escaping @Sendable () async -> Void) {
        guard let loop = EventLoop.current else { preconditionFailure("dispatch runs on an event loop") }
        let task = loop.task(body)
        state.withLock { $0.watches[attempt] = task }
    }

    /// An attempt is a trace of its own, which the requests of its agent belong to.
    private func trace(_ claim: RunTransitions.Claim, _ body: () async -> Void) async {
        let tracer = environment.tracer
        let (context, start) = (tracer.span(of: nil), Tracer.now())
        await TraceContext.$current.withValue(context, operation: body)
        guard tracer.records(context) else { return }
        tracer.record(
            Span(
                service: environment.name, name: "run", kind: .internal, context: context, parent: 0, startNanoseconds: start,
                endNanoseconds: Tracer.now(),
                attributes: [
                    .text("nexus.run.id", claim.run.id), .integer("nexus.run.attempt", claim.run.attempt),
                    .text("nexus.task.id", claim.run.taskID), .text("nexus.agent.id", claim.run.agentID),
                ], hasFailed: false))
    }

    private func start(_ claim: RunTransitions.Claim, _ attempt: Attempt) async {
        let runner: any LaunchedRunner
        do {
            runner = try await launcher.launch(claim)
        } catch {
            environment.log.error("a run could not be launched", ["run": claim.run.id, "cause": "\(error)"])
            let outcome = RunOutcome(.failed, Failure(.launchFailed, "the runner could not be started: \(error)"))
            return await conclude(attempt, as: outcome, lost: "")
        }
        state.withLock { $0.runners[attempt] = runner }
        await retrying("recording a runner") {
            try await self.database.write { [transitions = self.transitions] in
                try transitions.processes.record(attempt, identity: runner.identity, in: $0)
            }
        }
        // It may have been cancelled before there was anything to end.
        bell.ring()
        await watch(attempt, runner)
    }

    /// Waits for a runner's end, ends what it has left behind, and settles its run if it has not done so itself.
    private func watch(_ attempt: Attempt, _ runner: any LaunchedRunner) async {
        let exit = await runner.exit()
        if Task.isCancelled { return }
        while !(await runner.end()), !Task.isCancelled {
            environment.log.error("processes of a run could not be ended", ["run": attempt.runID])
        }
        await launcher.clean(attempt)
        await conclude(attempt, as: exit.outcome, lost: exit.description)
    }

    /// The attempt's processes are gone: frees its place, and gives its run an outcome, or a next attempt, if it has neither.
    private func conclude(_ attempt: Attempt, as outcome: RunOutcome?, lost why: String) async {
        await retrying("settling a run") {
            try await self.database.write { [transitions = self.transitions] transaction in
                try transitions.processes.remove(attempt, in: transaction)
                transitions.ring(after: transaction)
                guard let work = try transitions.work.find(attempt.runID, transaction), work.attempt == attempt.number,
                    work.state != .queued
                else { return }
                guard let outcome else { return try transitions.lose(work, why: why, in: transaction) }
                let stored = try transitions.runs.run(work.runID, in: work.workspace, transaction)
                _ = try transitions.finish(stored, work, as: outcome, report: nil, actor: nil, in: transaction)
            }
        }
        state.withLock { state in
            state.runners[attempt] = nil
            state.ending.remove(attempt)
            state.watches[attempt] = nil
        }
        idle.ring()
    }

    /// Ends the processes of attempts that are to be ended: cancelled, timed out, over budget, lost, or slow to end.
    private func endDoomed() async throws {
        let time = now
        let doomed = try await database.read { [transitions] in try transitions.processes.doomed(at: time, $0) }
        for attempt in doomed {
            let runner = state.withLock { state -> (any LaunchedRunner)? in
                guard let runner = state.runners[attempt], state.ending.insert(attempt).inserted else { return nil }
                return runner
            }
            // Without a runner yet it is being launched; its launch rings the bell.
            if let runner, let loop = EventLoop.current { loop.task { _ = await runner.end() } }
        }
    }

    /// Leases that have expired, and time limits.
    private func expire() async throws {
        let time = now
        let due = try await database.read { [transitions] in try transitions.work.due(at: time, $0) }
        for seen in due {
            try await database.write { [transitions, environment] transaction in
                // Read again: it may have been renewed since.
                guard let work = try transitions.work.find(seen.runID, transaction), work.attempt == seen.attempt,
                    work.state != .queued
                else { return }
                if let deadline = work.deadlineAt, deadline <= time {
                    let stored = try transitions.runs.run(work.runID, in: work.workspace, transaction)
                    let outcome = RunOutcome.timedOut(after: try stored.model().timeoutSeconds)
                    _ = try transitions.finish(stored, work, as: outcome, report: nil, actor: nil, in: transaction)
                } else if let lease = work.leaseExpiresAt, lease <= time {
                    let why = "no sign of life for \(Int(environment.configuration.leaseSeconds)) s"
                    try transitions.lose(work, why: why, in: transaction)
                }
            }
        }
    }

    /// Asks for the agents of queued runs that are not known here. Gives how long to wait before asking again.
    private func learnAgents() async throws -> Duration {
        let unknown = try await database.read { [transitions] in try transitions.work.unknownAgents($0) }
        if unknown.isEmpty { return Dispatcher.sleepMax }
        for (workspace, id) in unknown {
            do {
                let agent = try await directory.fetch(id, in: workspace)
                try await database.write { [transitions] transaction in
                    try transitions.agents.keep(agent, in: transaction)
                    transitions.ring(after: transaction)
                }
            } catch let error as ServiceError where error.kind == .notFound {
                try await database.write { [transitions] in try transitions.agentIsGone(id, in: workspace, $0) }
            } catch is ServiceError {
                continue
            }
        }
        return Dispatcher.unknownAgentsEvery
    }

    private func untilNextDue() async throws -> Duration {
        let time = now
        let next = try await database.read { [transitions] in
            [try transitions.work.nextDue($0), try transitions.processes.nextDoomed(after: time, $0)].compactMap { $0 }.min()
        }
        guard let next else { return Dispatcher.sleepMax }
        return .milliseconds(max(1, next.milliseconds - now.milliseconds))
    }

    private func tidy() async throws {
        let time = now
        let isDue = state.withLock { state in
            if let last = state.tidiedAt, time.seconds(since: last) < Dispatcher.tidyEverySeconds { return false }
            state.tidiedAt = time
            return true
        }
        guard isDue else { return }
        try await database.write { [transitions] in
            try transitions.tokens.prune(before: time.adding(seconds: -TokenStore.keptSeconds), in: $0)
        }
    }

    /// Repeats what must be done until it is, also after a full disk.
    private func retrying(_ what: String, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                return try await body()
            } catch {
                environment.log.error("\(what) failed: trying again", ["cause": "\(error)"])
                // try?: a cancelled sleep ends the loop by its condition.
                try? await EventLoop.sleep(for: .seconds(1))
            }
        }
    }
}
