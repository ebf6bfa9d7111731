/// A file that a run handed over.
public struct Artifact: Sendable, Codable, Hashable {
    /// Unique in the run.
    public var name: String
    public var bytes: Int64
    /// In hexadecimal.
    public var sha256: String
    public var contentType: String
    public var createdAt: Timestamp

    public init(name: String, bytes: Int64, sha256: String, contentType: String, createdAt: Timestamp) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
        self.contentType = contentType
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case name, bytes, sha256, contentType = "content_type", createdAt = "created_at"
    }
}

/// `GET /runs-api/{id}/artifacts`.
public struct ArtifactList: Sendable, Codable {
    public var artifacts: [Artifact]
    /// A run's artifacts are all on one page.
    public var nextCursor: String?

    public init(artifacts: [Artifact]) { self.artifacts = artifacts }

    enum CodingKeys: String, CodingKey {
        case artifacts, nextCursor = "next_cursor"
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(artifacts, forKey: .artifacts)
        try members.encode(nextCursor, forKey: .nextCursor)
    }
}

/// How a run ended: `GET /runs-api/{id}/result`.
public struct RunResult: Sendable, Codable {
    public var status: RunStatus
    public var summary: String
    /// The last of what the agent printed.
    public var output: String
    public var artifacts: [Artifact]
    public var usage: Usage
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?
    public var exitCode: Int?
    public var failure: Failure?

    public init(
        status: RunStatus, summary: String, output: String, artifacts: [Artifact], usage: Usage, startedAt: Timestamp?,
        finishedAt: Timestamp?, exitCode: Int? = nil, failure: Failure? = nil
    ) {
        self.status = status
        self.summary = summary
        self.output = output
        self.artifacts = artifacts
        self.usage = usage
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
        self.failure = failure
    }

    enum CodingKeys: String, CodingKey {
        case status, summary, output, artifacts, usage, startedAt = "started_at", finishedAt = "finished_at"
        case exitCode = "exit_code", failure
    }
}
