import Models

/// How a run ends. There is exactly one of it per run.
struct RunOutcome: Sendable {
    var status: RunStatus
    var failure: Failure?
    var summary: String?
    var output = ""
    var exitCode: Int?
    var branch: String?
    var commit: String?

    /// What a runner reports.
    init(_ report: RunResultReport) {
        status = report.status == .succeeded ? .succeeded : .failed
        summary = report.summary
        output = report.output
        exitCode = report.exitCode
        branch = report.branch
        commit = report.commit
        guard status == .failed else { return }
        failure = report.failure ?? Failure(.agentError, "the agent failed without saying why")
        // A runner keeps the time too, and may be the first to notice.
        if failure?.reason == .timeout { status = .timedOut }
    }

    /// What is decided here.
    init(_ status: RunStatus, _ failure: Failure, exitCode: Int? = nil) {
        self.status = status
        self.failure = failure
        self.exitCode = exitCode
    }

    static func cancelled(_ reason: String?) -> RunOutcome {
        RunOutcome(.cancelled, Failure(.cancelled, reason.map { "cancelled: \($0)" } ?? "cancelled"))
    }

    static func timedOut(after seconds: Double) -> RunOutcome {
        let text = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
        return RunOutcome(.timedOut, Failure(.timeout, "did not end within \(text) s"))
    }

    static func lost(_ message: String, attempts: Int) -> RunOutcome {
        RunOutcome(.lost, Failure(.lostHeartbeat, "\(message); attempts: \(attempts)"))
    }
}

/// How a runner's process ended without having reported a result.
enum RunnerExit: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
    /// The machine killed it because memory ran out.
    case outOfMemory
    /// It is gone, and nobody was there to see how.
    case unseen

    /// What follows for its run: an outcome, or (nil) that the attempt counts as lost and the retry rule applies.
    var outcome: RunOutcome? {
        switch self {
        case .exited(RunnerExit.quiet): nil
        case .exited(RunnerExit.misused):
            RunOutcome(.failed, Failure(.launchFailed, "the runner could not make use of what it was started with"), exitCode: 2)
        case .exited(let code):
            RunOutcome(
                .failed, Failure(.agentError, "the runner ended with status \(code) and without a result"), exitCode: Int(code))
        case .outOfMemory:
            RunOutcome(.failed, Failure(.outOfMemory, "the runner was killed because memory ran out"), exitCode: 137)
        case .signalled(let number) where !RunnerExit.fromOutside.contains(number):
            RunOutcome(.failed, Failure(.agentError, "the runner was ended by signal \(number)"), exitCode: 128 + Int(number))
        case .signalled, .unseen: nil
        }
    }

    /// In words, for the log of a lost attempt.
    var description: String {
        switch self {
        case .exited(let code): "the runner ended with status \(code)"
        case .signalled(let number): "the runner was ended by signal \(number)"
        case .outOfMemory: "the runner was killed because memory ran out"
        case .unseen: "the runner is gone"
        }
    }

    /// The runner was told to end, or was told that nothing more is wanted of it, before it had a result.
    private static let quiet: Int32 = 1
    /// The runner did not understand its flags or its environment.
    private static let misused: Int32 = 2
    /// SIGHUP, SIGINT, SIGKILL and SIGTERM come from whoever runs the machine, not from the agent's own mistakes.
    private static let fromOutside: Set<Int32> = [1, 2, 9, 15]
}
