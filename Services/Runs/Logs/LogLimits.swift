import Models

/// Limits of runs' logs.
struct LogLimits: Sendable {
    /// Of one run's file; what comes after is acknowledged and dropped, and a `system` line says so.
    var runBytesMax: Int64 = 64 << 20
    /// What is kept in memory of a log that somebody watches, for all its watchers together.
    var tailBytesMax = 256 * 1024
    /// Lines that come in quick succession are shown together, this often: each time that watchers are woken costs them more than
    /// the lines do. What comes after a pause is shown at once.
    var gathering = Duration.milliseconds(10)
    /// Lines gathered up to this many bytes are one piece for all watchers.
    var pieceBytesMax = 64 * 1024
    /// Logs that nobody uses at the moment and whose files stay open.
    var idleFilesMax = 64
    /// Read from a file at once for a watcher that lags behind; longer lines are read whole.
    var readBytes = 64 * 1024

    /// Of a line; every JSON library counts this far.
    static let numberMax: Int64 = 1 << 53
    static let levelBytesMax = 32
    static let fieldsBytesMax = 16 * 1024

    /// - Throws: 400 for a batch that cannot be taken as it is.
    static func check(_ batch: LogBatch) throws {
        guard batch.lines.count <= LogBatch.linesMax else {
            throw ServiceError.invalid("lines", "must have at most \(LogBatch.linesMax) lines")
        }
        for (index, line) in batch.lines.enumerated() {
            guard (1...numberMax).contains(line.n) else {
                throw ServiceError.invalid("lines[\(index)].n", "must be 1 to \(numberMax)")
            }
            if index > 0, line.n != batch.lines[index - 1].n + 1 {
                throw ServiceError.invalid(
                    "lines[\(index)].n", "must be \(batch.lines[index - 1].n + 1), one more than the line before")
            }
            guard line.text.utf8.count <= LogBatch.lineBytesMax else {
                throw ServiceError.invalid("lines[\(index)].text", "must have at most \(LogBatch.lineBytesMax) bytes")
            }
            guard line.level?.utf8.count ?? 0 <= levelBytesMax else {
                throw ServiceError.invalid("lines[\(index)].level", "must have at most \(levelBytesMax) bytes")
            }
        }
    }
}
