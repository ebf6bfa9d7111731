/// What a runner reports, by agent token, and what it is answered (`API.md`, *Agents and their runs*).
///
/// The token is bound to run and attempt, so no report repeats them. Every report may be sent again until it is acknowledged:
/// receiving one twice changes nothing. `POST /runs-api/{id}/usage` carries a `Usage`: the attempt's totals so far, not what was
/// added.

/// Which voice a log line is in.
public enum LogStream: String, Sendable, Codable, Hashable, CaseIterable {
    case stdout, stderr, system, model, tool
}

/// A line as clients read it: `seq` is contiguous from 1 in the run.
public struct LogLine: Sendable, Codable, Hashable {
    public var seq: Int64
    public var time: Timestamp
    public var stream: LogStream
    public var level: String?
    public var text: String
    public var fields: JSONValue?

    public init(seq: Int64, time: Timestamp, stream: LogStream, level: String? = nil, text: String, fields: JSONValue? = nil) {
        self.seq = seq
        self.time = time
        self.stream = stream
        self.level = level
        self.text = text
        self.fields = fields
    }
}

/// A line as a runner reports it: `n` is contiguous from 1 in the attempt, so that a line sent again is recognised.
public struct ReportedLine: Sendable, Codable, Hashable {
    public var n: Int64
    public var time: Timestamp
    public var stream: LogStream
    public var level: String?
    public var text: String
    public var fields: JSONValue?

    public init(n: Int64, time: Timestamp, stream: LogStream, level: String? = nil, text: String, fields: JSONValue? = nil) {
        self.n = n
        self.time = time
        self.stream = stream
        self.level = level
        self.text = text
        self.fields = fields
    }
}

/// `POST /runs-api/{id}/logs`.
public struct LogBatch: Sendable, Codable {
    /// The most lines in one batch; a runner sends what is over in the next.
    public static let linesMax = 500
    /// The most bytes of one batch, encoded: well under the default limit of 1 MiB for JSON bodies.
    public static let encodedBytesMax = 896 * 1024
    /// A longer line is reported as several.
    public static let lineBytesMax = 64 * 1024

    public var lines: [ReportedLine]

    public init(lines: [ReportedLine]) { self.lines = lines }
}

/// What a batch is answered: the `n` that is expected next. Lines before it are kept for good.
public struct LogBatchAnswer: Sendable, Codable {
    public var next: Int64

    public init(next: Int64) { self.next = next }
}

/// `POST /runs-api/{id}/heartbeat`: renews the lease.
public struct HeartbeatReport: Sendable, Codable {
    public init() {}
}

/// What a heartbeat is answered.
public struct HeartbeatAnswer: Sendable, Codable {
    public var status: RunStatus
    /// The run is to die at once, with its whole process tree.
    public var cancel: Bool
    /// The run is to stop at its next turn or block.
    public var pause: Bool?

    public init(status: RunStatus, cancel: Bool, pause: Bool? = nil) {
        self.status = status
        self.cancel = cancel
        self.pause = pause
    }
}

/// `POST /runs-api/{id}/result`: the one outcome of an attempt. Sent when all lines and artifacts are acknowledged.
public struct RunResultReport: Sendable, Codable {
    public enum Outcome: String, Sendable, Codable, Hashable {
        case succeeded, failed
    }

    /// The most bytes of `output`: the end of what the agent printed.
    public static let outputBytesMax = 64 * 1024

    public var status: Outcome
    /// One line for a list of runs.
    public var summary: String
    /// The last of the agent's standard output.
    public var output: String
    public var exitCode: Int?
    /// The branch of the project's repository that holds what the run changed, when there is one.
    public var branch: String?
    /// The commit that the run made on it, when it changed something and was allowed to commit.
    public var commit: String?
    public var failure: Failure?

    enum CodingKeys: String, CodingKey {
        case status, summary, output, branch, commit, failure
        case exitCode = "exit_code"
    }

    public init(
        status: Outcome, summary: String, output: String = "", exitCode: Int? = nil, branch: String? = nil,
        commit: String? = nil, failure: Failure? = nil
    ) {
        self.status = status
        self.summary = summary
        self.output = output
        self.exitCode = exitCode
        self.branch = branch
        self.commit = commit
        self.failure = failure
    }
}
