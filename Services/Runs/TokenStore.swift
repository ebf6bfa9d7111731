import Identity
import Models
import Storage

/// The agents' tokens, by hash. A token is bound to one attempt of one run, and ends with it.
struct TokenStore: Sendable {
    /// Long after its run has ended a token is still recognised, so that a late report is told what is wrong with it.
    static let keptSeconds: Double = 30 * 86_400

    func insert(_ hash: [UInt8], _ binding: RunBinding, at time: Timestamp, in transaction: Transaction) throws {
        try transaction.run(
            "INSERT INTO agent_tokens (hash, run_id, attempt, binding, created_at) VALUES (?, ?, ?, ?, ?)", hash, binding.runID,
            binding.attempt, SQLValue.utf8(try DocumentCoding.encode(binding)), time)
    }

    /// What a token is bound to, and whether that has ended; nil when there is no such token.
    func binding(_ hash: [UInt8], _ reader: some SQLReader) throws -> RunBinding? {
        let found = try reader.one(
            """
            SELECT t.binding, w.run_id IS NULL OR w.state = 'queued'
            FROM agent_tokens t LEFT JOIN run_work w ON w.run_id = t.run_id AND w.attempt = t.attempt WHERE t.hash = ?
            """, hash
        ) { (bytes: $0.bytes(0), ended: $0.bool(1)) }
        guard let found else { return nil }
        var binding = try DocumentCoding.decode(RunBinding.self, from: found.bytes)
        binding.ended = found.ended
        return binding
    }

    /// Forgets the tokens of long ago whose runs have ended.
    func prune(before time: Timestamp, in transaction: Transaction) throws {
        try transaction.run(
            "DELETE FROM agent_tokens WHERE created_at < ? AND run_id NOT IN (SELECT run_id FROM run_work)", time)
    }
}
