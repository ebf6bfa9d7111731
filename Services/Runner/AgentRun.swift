import Client
import Loops
import Models

/// One attempt of one agent at one task, from its context to its result. Confined to its loop.
public final class AgentRun: @unchecked Sendable {  // Confined to its loop's thread.
    /// How a run ended, as far as this process is concerned.
    public enum End: Sendable, Equatable {
        /// The service has the result.
        case reported(RunResultReport.Outcome)
        /// The service wanted nothing more of this attempt.
        case superseded
        /// This process was told to end, before there was a result.
        case terminated
    }

    private let options: RunnerOptions
    private let client: HTTPClient
    private let api: RunsAPI
    private let loop: EventLoop
    private let control: RunControl
    private let logs: LogShipper
    private let processes: AgentProcesses
    private let folders: RunFolders
    private var deadline: Loops.Timer?
    /// A pause that has only begun is looked at again after this long.
    private static let watchedAgainAfter = Duration.seconds(1)

    /// Called on the loop that the run will live on.
    public init(_ options: RunnerOptions, client: HTTPClient, clock: WallClock = .system, on loop: EventLoop) {
        self.options = options
        self.client = client
        self.loop = loop
        let api = RunsAPI(options, client: client)
        let control = RunControl(on: loop)
        self.api = api
        self.control = control
        logs = LogShipper(api, clock: clock, on: loop) { _ in control.stop(.superseded) }
        processes = AgentProcesses(options, logs: logs, on: loop)
        folders = RunFolders(root: options.workFolder)
    }

    /// Ends the run without a result: it is left to another attempt. Called on the loop.
    public func terminate() {
        control.stop(.terminated)
        logs.stop()
    }

    /// Does the run. Called once, on the loop.
    public func run() async -> End {
        let context: RunContext
        do { context = try await stoppable { [api] in try await api.context() } } catch { return await quietEnd() }
        let heart = loop.task { await self.beat() }
        watch(.seconds(context.run.timeoutSeconds), of: context.run.timeoutSeconds)
        let end = await perform(context, beforeReporting: { deadline?.cancel() })
        heart.cancel()
        return end
    }

    /// Ends the run when its time is over. The time for which it was paused is not its own.
    private func watch(_ rest: Duration, of seconds: Double) {
        deadline = loop.schedule(after: rest) {
            let paused = self.control.takePaused()
            guard paused > .zero else { return self.control.stop(.timedOut(seconds: seconds)) }
            self.watch(max(paused, AgentRun.watchedAgainAfter), of: seconds)
        }
    }

    private func perform(_ context: RunContext, beforeReporting: () -> Void) async -> End {
        var worktree: Worktree?
        var outcome: AgentOutcome
        for warning in context.warnings ?? [] { await logs.add(.system, warning, level: "warning") }
        do {
            do { try folders.make() } catch { throw RunFailed(.launchFailed, "the run's folder cannot be made: \(error)") }
            let made = try await stoppable { try await self.prepare(context) }
            worktree = made
            outcome = try await stoppable { try await self.work(context).perform() }
        } catch let error as RunFailed {
            outcome = AgentOutcome(summary: error.failure.message, failure: error.failure)
        } catch {
            outcome = .failed(.agentError, "\(error)")
        }
        let isOver = await processes.endAll()
        beforeReporting()
        if !isOver { await logs.add(.system, "a process of this run could not be ended", level: "error") }
        switch control.stop {
        case .superseded, .terminated: return await quietEnd(worktree)
        case .timedOut(let seconds):
            outcome = .failed(.timeout, "still at work after \(RunDuration.text(seconds))")
        case .cancelled: outcome = .failed(.cancelled, "cancelled")
        case nil: break
        }
        do {
            let status = try await stoppable(whileReporting: true) { [outcome, worktree] in
                let result = try await self.conclude(context, outcome, worktree)
                // Before the result: whoever hears of it finds the branch free and the folder gone.
                await self.cleanUp(worktree)
                try await self.logs.finish()
                try await self.api.report(result)
                return result.status
            }
            return .reported(status)
        } catch {
            return await quietEnd(worktree)
        }
    }

    /// The working folder: a worktree of the project's repository, or an empty folder.
    private func prepare(_ context: RunContext) async throws -> Worktree? {
        let repo = context.project?.project.repoURL.flatMap { $0.isEmpty ? nil : $0 }
        guard let repo else {
            try Folder.make(folders.tree)
            return nil
        }
        var environment = options.environment
        environment["NEXUS_RUN_ID"] = options.runID
        let git = Git(GitAuthor(context.agent), home: folders.home, environment: environment)
        let repository = try await Repository.open(repo, mirrors: options.mirrorsFolder, git: git)
        do {
            return try await Worktree.add(
                to: repository, at: folders.tree, branch: "nexus/\(options.runID)", from: context.project?.defaultBranch,
                merging: context.dependencyBranches, say: { [logs] in await logs.add(.system, $0) })
        } catch {
            // Whatever stands half made: the branch stays where it is, the folder goes.
            let half = Worktree(repository: repository, folder: folders.tree, branch: "nexus/\(options.runID)", base: "")
            await loop.task { await half.remove() }.value
            throw error
        }
    }

    private func work(_ context: RunContext) -> AgentWork {
        AgentWork(
            context: context, folders: folders, environment: RunEnvironment(options, context, folders: folders).variables,
            secrets: options.environment, processes: processes, logs: logs, control: control, api: api, client: client,
            modelRetry: options.modelRetry)
    }

    /// Commits what the run changed, keeps its patch and its artifacts, and makes the result.
    private func conclude(_ context: RunContext, _ outcome: AgentOutcome, _ worktree: Worktree?) async throws -> RunResultReport {
        var outcome = outcome
        var changes: Worktree.Changes?
        // A cancelled run leaves nothing behind but its lines.
        if let worktree, control.stop != .cancelled {
            do {
                changes = try await worktree.conclude(
                    diffTo: folders.scripts + "/changes.diff", message: commitMessage(context, outcome),
                    mayCommit: context.agent.permissions.canCommit)
            } catch {
                await logs.add(.system, "what the run changed cannot be kept: \(error)", level: "error")
                if outcome.failure == nil { outcome = .failed(.agentError, "what the run changed cannot be committed: \(error)") }
            }
        }
        if let failure = outcome.failure { await logs.add(.system, failure.message, level: "error") }
        if let commit = changes?.commit { await logs.add(.system, "committed \(commit.prefix(12))") }
        if control.stop != .cancelled { try await upload(changes) }
        return RunResultReport(
            status: outcome.failure == nil ? .succeeded : .failed, summary: outcome.summary, output: processes.tail.text,
            exitCode: outcome.exitCode, branch: worktree?.branch, commit: changes?.commit, failure: outcome.failure)
    }

    private func upload(_ changes: Worktree.Changes?) async throws {
        for artifact in Artifacts.found(in: folders.artifacts, changes: changes) {
            do { try await api.put(artifact) } catch let refused as RunsAPI.Refused {
                await logs.add(.system, "\(artifact.name) is not kept: \(refused.message)", level: "warning")
            }
        }
    }

    private func commitMessage(_ context: RunContext, _ outcome: AgentOutcome) -> String {
        var message = "\(context.task.title)\n\nTask: \(context.task.id)\nRun: \(options.runID)\n"
        if let failure = outcome.failure { message += "Unfinished: \(failure.message)\n" }
        return message
    }

    /// Tells the service that the run is alive, and hears whether it is to stop.
    private func beat() async {
        while !Task.isCancelled {
            do {
                let answer = try await api.heartbeat(within: max(options.heartbeat, .seconds(1)))
                if answer.cancel { control.stop(.cancelled) }
                control.pause(answer.pause ?? false)
            } catch is RunsAPI.Superseded {
                return control.stop(.superseded)
            } catch {
                // The service is away; lines and results wait for it too.
            }
            guard (try? await EventLoop.sleep(for: options.heartbeat)) != nil else { return }  // try?: cancelled, the run is over
        }
    }

    /// Runs `body` in a task that ends when the run is stopped.
    private func stoppable<Value: Sendable>(
        whileReporting reporting: Bool = false, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = loop.task { try await body() }
        control.onStop(whileReporting: reporting) { task.cancel() }
        return try await task.value
    }

    private func quietEnd(_ worktree: Worktree? = nil) async -> End {
        logs.stop()
        await processes.endAll()
        await cleanUp(worktree)
        return control.stop == .terminated ? .terminated : .superseded
    }

    private func cleanUp(_ worktree: Worktree?) async {
        await worktree?.remove()
        folders.remove()
    }
}

enum RunDuration {
    /// `90 s`, `1.5 s`.
    static func text(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
