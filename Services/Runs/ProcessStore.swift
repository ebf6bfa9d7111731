import Models
import Storage

/// One attempt that a launcher was asked to start.
struct Attempt: Sendable, Hashable {
    let runID: String
    let number: Int
}

/// An attempt whose processes are not known to be gone.
struct LaunchedAttempt: Sendable, Hashable {
    let attempt: Attempt
    /// What the launcher recognises it by after a restart; nil when it is not known whether it was started at all.
    let identity: String?
    /// When whatever is left of it is ended.
    let killAt: Timestamp?
}

/// The rows of `run_processes`. An attempt takes up a place of its agent from its claim until all its processes are gone.
struct ProcessStore: Sendable {
    func insert(_ work: Work, in transaction: Transaction) throws {
        try transaction.run(
            "INSERT INTO run_processes (run_id, attempt, workspace_id, agent_id) VALUES (?, ?, ?, ?)", work.runID, work.attempt,
            work.workspace, work.agentID)
    }

    /// Remembers what was started.
    func record(_ attempt: Attempt, identity: String, in transaction: Transaction) throws {
        try transaction.run(
            "UPDATE run_processes SET identity = ? WHERE run_id = ? AND attempt = ?", identity, attempt.runID, attempt.number)
    }

    /// Has what is left of a run's attempts ended at `time`, or earlier if that was decided before.
    func doom(_ run: String, at time: Timestamp, in transaction: Transaction) throws {
        try transaction.run("UPDATE run_processes SET kill_at = min(coalesce(kill_at, ?), ?) WHERE run_id = ?", time, time, run)
    }

    /// Has everything ended at `time`, or earlier.
    func doomAll(at time: Timestamp, in transaction: Transaction) throws {
        try transaction.run("UPDATE run_processes SET kill_at = min(coalesce(kill_at, ?), ?)", time, time)
    }

    /// All its processes are gone.
    func remove(_ attempt: Attempt, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM run_processes WHERE run_id = ? AND attempt = ?", attempt.runID, attempt.number)
    }

    func all(_ reader: some SQLReader) throws -> [LaunchedAttempt] {
        try reader.all("SELECT run_id, attempt, identity, kill_at FROM run_processes ORDER BY run_id, attempt") {
            LaunchedAttempt(
                attempt: Attempt(runID: $0.text(0), number: Int($0.int(1))), identity: $0.textOrNil(2),
                killAt: $0.timestampOrNil(3))
        }
    }

    /// The attempts that are to be ended now.
    func doomed(at time: Timestamp, _ reader: some SQLReader) throws -> [Attempt] {
        try reader.all("SELECT run_id, attempt FROM run_processes WHERE kill_at <= ?", time) {
            Attempt(runID: $0.text(0), number: Int($0.int(1)))
        }
    }

    /// When the next is to be ended, of those after `time`.
    func nextDoomed(after time: Timestamp, _ reader: some SQLReader) throws -> Timestamp? {
        try reader.one("SELECT min(kill_at) FROM run_processes WHERE kill_at > ?", time) { $0.timestampOrNil(0) } ?? nil
    }
}
