import Events
import Models
import Service
import Storage

/// Runs: the queue, the dispatch to runners, their leases, logs, artifacts and outcomes.
public struct RunsService: NexusService {
    public static let name = ServiceName.runs

    let runs: RunHandlers
    let reports: ReportHandlers
    let logLines: LogHandlers
    let artifacts: ArtifactHandlers
    let tokens: TokenHandlers
    let transitions: RunTransitions
    let dispatcher: Dispatcher
    let logs: LogStore

    public init(_ environment: ServiceEnvironment) throws {
        let configuration = environment.configuration
        let files = FileQueue()
        self.init(
            environment,
            launcher: ProcessLauncher(
                configuration: configuration, files: files,
                secrets: SecretFolder(path: "\(configuration.dataDirectory)/secrets")),
            files: files)
    }

    init(_ environment: ServiceEnvironment, launcher: any Launcher, files: FileQueue, logLimits: LogLimits = LogLimits()) {
        let data = environment.configuration.dataDirectory
        let folder = "\(data)/runs"
        logs = LogStore(folder: folder, limits: logLimits, clock: environment.clock) { [log = environment.log] in log.error($0) }
        transitions = RunTransitions(environment: environment, bell: Bell(), logs: logs)
        let directory = AgentDirectory(environment: environment)
        let trees = RepositoryTrees(clock: environment.clock, mirrors: "\(data)/mirrors")
        dispatcher = Dispatcher(transitions, launcher: launcher, directory: directory)
        runs = RunHandlers(transitions: transitions, directory: directory, environment: environment)
        reports = ReportHandlers(
            transitions: transitions, contexts: ContextBuilder(environment: environment, directory: directory, trees: trees))
        logLines = LogHandlers(transitions: transitions, logs: logs)
        artifacts = ArtifactHandlers(transitions: transitions, files: ArtifactFiles(folder: folder, queue: files))
        tokens = TokenHandlers(environment: environment)
    }

    public var consumers: [EventConsumer] {
        let effects = RunConsumers(transitions: transitions)
        return [
            transitions.environment.consumer(of: .tasks, types: RunConsumers.taskTypes) { try effects.task($0, in: $1) },
            transitions.environment.consumer(of: .agents) { try effects.agent($0, in: $1) },
        ]
    }

    public func runInBackground() async throws { await dispatcher.run() }

    /// Runs under way go back into the queue, log streams get their last event, and runners are ended.
    public func drain(within limit: Duration) async {
        await dispatcher.handOver()
        // try?: what could not be written is in nobody's way now.
        try? await logs.settle()
        logs.close()
        await dispatcher.quiet(within: limit)
    }
}
