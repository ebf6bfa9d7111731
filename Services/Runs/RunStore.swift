import Models
import Storage

extension Run: StoredModel {
    public static let noun = "run"
}

/// The runs as the API answers them, and what is kept beside each.
struct RunStore: Sendable {
    static let table = DocumentTable<Run>(
        "runs",
        columns: [
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("agent_id", .text, index: .filtered) { $0.agentID },
            Column("task_id", .text, index: .filtered) { $0.taskID },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("goal_id", .text, index: .filtered) { $0.goalID },
            Column("cost_usd", .real) { $0.usage.costUSD },
        ])

    var table: DocumentTable<Run> { RunStore.table }

    /// - Throws: 404 when the workspace has none.
    func run(_ id: String, in workspace: String, _ reader: some SQLReader) throws -> Stored<Run> {
        try table.get(id, workspace: workspace, in: reader)
    }

    /// What the agent's runs that were made since `time` cost.
    func cost(of agent: String, in workspace: String, since time: Timestamp, _ reader: some SQLReader) throws -> Double {
        try reader.one(
            "SELECT coalesce(sum(cost_usd), 0) FROM runs WHERE workspace_id = ? AND agent_id = ? AND created_at >= ?", workspace,
            agent,
            time
        ) { $0.double(0) } ?? 0
    }

    /// What an outcome leaves beside the run's document.
    struct KeptResult: Sendable {
        let attempt: Int
        /// SHA-256 of the runner's report; nil when the outcome was not reported but decided here.
        let report: [UInt8]?
        let output: String
    }

    func keepResult(_ result: KeptResult, of run: String, in transaction: Transaction) throws {
        try transaction.run(
            "INSERT INTO run_results (run_id, attempt, report, output) VALUES (?, ?, ?, ?)", run, result.attempt, result.report,
            result.output)
    }

    func result(of run: String, _ reader: some SQLReader) throws -> KeptResult? {
        try reader.one("SELECT attempt, report, output FROM run_results WHERE run_id = ?", run) {
            KeptResult(attempt: Int($0.int(0)), report: $0.bytesOrNil(1), output: $0.text(2))
        }
    }

    /// The result as the API answers it.
    /// - Throws: 404 until there is one.
    func apiResult(of stored: Stored<Run>, _ reader: some SQLReader) throws -> RunResult {
        let run = try stored.model()
        guard run.status.isFinal, let kept = try result(of: run.id, reader) else { throw ServiceError.notFound("result yet") }
        return RunResult(
            status: run.status, summary: run.summary ?? "", output: kept.output,
            artifacts: try ArtifactStore().artifacts(of: run.id, attempt: run.attempt, reader), usage: run.usage,
            startedAt: run.startedAt, finishedAt: run.finishedAt, exitCode: run.exitCode, failure: run.failure)
    }
}
