import Client
import Glibc

/// What a run is told when it is started: its environment, and the runner's own flags.
public struct RunnerOptions: Sendable {
    /// A flag or a variable that is missing or cannot be read.
    public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String
    }

    public static let usage = """
        usage: nexus-agent-runner --work DIR [--mirrors DIR] [--heartbeat-seconds 5]
        environment: NEXUS_URL NEXUS_AGENT_TOKEN NEXUS_RUN_ID NEXUS_TASK_ID NEXUS_TASK_TITLE NEXUS_PROJECT_ID NEXUS_AGENT_ID
        TRACEPARENT

        Runs one attempt of one agent at one task, and reports to NEXUS_URL. Started by runs-api.
        """

    public var url: String
    public var token: String
    public var runID: String
    /// The run's own folder: the working folder, artifacts and scripts lie in it.
    public var workFolder: String
    /// Where repositories that are fetched from a URL are kept, for all runs.
    public var mirrorsFolder: String
    public var heartbeat: Duration
    /// The runner's own environment; the agent's is made from it, and holds less.
    public var environment: [String: String]
    /// Everything that descends from this process belongs to the run, as it does in a process of its own.
    public var ownsProcess = false
    /// A model's endpoint is asked again: nothing of what it answers has an effect of its own.
    public var modelRetry = Retry(attemptsMax: 5, delayFirst: .seconds(1), delayMax: .seconds(30), repeatsUnsafe: true)

    /// - Throws: `UsageError`.
    public init(arguments: [String], environment: [String: String]) throws(UsageError) {
        func required(_ name: String) throws(UsageError) -> String {
            guard let value = environment[name], !value.isEmpty else { throw UsageError(description: "\(name): not set") }
            return value
        }
        url = try required("NEXUS_URL")
        token = try required("NEXUS_AGENT_TOKEN")
        runID = try required("NEXUS_RUN_ID")
        self.environment = environment
        var flags = try RunnerOptions.flags(arguments)
        guard let work = flags.removeValue(forKey: "--work"), work.hasPrefix("/") else {
            throw UsageError(description: "--work: an absolute path is required")
        }
        workFolder = work
        mirrorsFolder = flags.removeValue(forKey: "--mirrors") ?? work + "/mirrors"
        let seconds = flags.removeValue(forKey: "--heartbeat-seconds") ?? "5"
        guard let heartbeatSeconds = Double(seconds), heartbeatSeconds >= 0.01, heartbeatSeconds <= 3600 else {
            throw UsageError(description: "--heartbeat-seconds: a number of seconds is required")
        }
        heartbeat = .seconds(heartbeatSeconds)
        if let unknown = flags.keys.min() { throw UsageError(description: "\(unknown): no such flag") }
    }

    /// This process's environment.
    public static func processEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let pair = String(cString: entry)
            if let equals = pair.firstIndex(of: "=") {
                variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }

    private static func flags(_ arguments: [String]) throws(UsageError) -> [String: String] {
        var flags: [String: String] = [:]
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if let equals = name.firstIndex(of: "=") {
                flags[String(name[..<equals])] = String(name[name.index(after: equals)...])
                continue
            }
            guard let value = rest.popFirst() else { throw UsageError(description: "\(name): a value is required") }
            flags[name] = value
        }
        return flags
    }
}
