/// What a database has done since it was opened; for metrics.
public struct DatabaseStatistics: Sendable, Equatable {
    /// Transactions, each committed with one fsync.
    public internal(set) var batches = 0
    /// Writes that became durable.
    public internal(set) var writes = 0
    /// Writes that were undone, with an error for their caller.
    public internal(set) var failedWrites = 0
    /// Writes of the largest batch.
    public internal(set) var largestBatch = 0
    /// Seconds spent in commits.
    public internal(set) var commitSeconds = 0.0
    /// Writes that wait now.
    public internal(set) var queueDepth = 0
    public internal(set) var checkpoints = 0
    public internal(set) var failedCheckpoints = 0

    mutating func add(batchOf count: Int, failed: Int, commitSeconds seconds: Double) {
        batches += 1
        writes += count - failed
        failedWrites += failed
        largestBatch = max(largestBatch, count)
        commitSeconds += seconds
    }

    mutating func addCheckpoint(succeeded: Bool) {
        checkpoints += 1
        if !succeeded { failedCheckpoints += 1 }
    }
}
