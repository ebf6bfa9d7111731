import Models
import Storage

/// The rows of `artifacts`; the files are `ArtifactFiles`'s.
struct ArtifactStore: Sendable {
    /// A run that hands over more has a bug.
    static let perRunMax = 1000

    /// Adds an artifact, or puts it in the place of the attempt's earlier one of that name.
    /// - Throws: 409 when there are too many.
    func put(_ artifact: Artifact, of run: String, attempt: Int, in transaction: Transaction) throws {
        let others = try transaction.one(
            "SELECT count(*) FROM artifacts WHERE run_id = ? AND attempt = ? AND name <> ?", run, attempt, artifact.name
        ) { $0.int(0) }
        guard (others ?? 0) < ArtifactStore.perRunMax else {
            throw ServiceError.conflict("a run has at most \(ArtifactStore.perRunMax) artifacts", code: "too_many_artifacts")
        }
        try transaction.run(
            """
            INSERT OR REPLACE INTO artifacts (run_id, attempt, name, bytes, sha256, content_type, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, run, attempt, artifact.name, artifact.bytes, artifact.sha256, artifact.contentType, artifact.createdAt)
    }

    func artifacts(of run: String, attempt: Int, _ reader: some SQLReader) throws -> [Artifact] {
        try reader.all(
            """
            SELECT name, bytes, sha256, content_type, created_at FROM artifacts WHERE run_id = ? AND attempt = ? ORDER BY name
            """, run, attempt, map: ArtifactStore.artifact)
    }

    /// - Throws: 404.
    func artifact(_ name: String, of run: String, attempt: Int, _ reader: some SQLReader) throws -> Artifact {
        let found = try reader.one(
            """
            SELECT name, bytes, sha256, content_type, created_at FROM artifacts WHERE run_id = ? AND attempt = ? AND name = ?
            """, run, attempt, name, map: ArtifactStore.artifact)
        guard let found else { throw ServiceError.notFound("artifact") }
        return found
    }

    private static func artifact(_ row: Row) -> Artifact {
        Artifact(
            name: row.text(0), bytes: row.int(1), sha256: row.text(2), contentType: row.text(3), createdAt: row.timestamp(4))
    }
}
