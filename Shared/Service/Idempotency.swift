import HTTP
import Identity
import Models
import Storage

/// An `Idempotency-Key` of a POST: the same key with the same body gives the first answer again; with another body it is a
/// conflict.
///
/// The answer is kept for 24 hours in the transaction of its effect, so that neither exists without the other.
struct IdempotencyKey: Sendable {
    static let migration = Migration(
        "idempotency",
        """
        CREATE TABLE idempotency (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            request BLOB NOT NULL,
            status INTEGER NOT NULL,
            headers TEXT NOT NULL,
            body BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (scope, key)
        ) WITHOUT ROWID;
        CREATE INDEX idempotency_created ON idempotency (created_at);
        """)
    static let keptSeconds: Double = 86_400
    static let keyBytesMax = 255

    /// Whose key it is: the caller, in the workspace.
    let scope: String
    let key: String
    /// SHA-256 of method, target and body.
    let request: [UInt8]

    /// The answer that was given before.
    struct Replay: Error {
        let response: Response
    }

    /// - Throws: `Replay` with the first answer; 409 when the key was used for another request.
    func replay(in reader: any SQLReader) throws {
        let kept = try reader.one(
            "SELECT request, status, headers, body FROM idempotency WHERE scope = ? AND key = ?", scope, key
        ) { (request: $0.bytes(0), status: $0.int(1), headers: $0.text(2), body: $0.bytes(3)) }
        guard let kept else { return }
        guard kept.request == request else {
            throw ServiceError.conflict("Idempotency-Key: was used for another request", code: "idempotency_key_reused")
        }
        var headers = Headers()
        for line in kept.headers.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers.add(String(line[..<colon]), String(line[line.index(after: colon)...]))
        }
        headers.add("idempotent-replayed", "true".utf8)
        throw Replay(
            response: Response(
                Status(UInt16(kept.status)), headers: headers, body: kept.body.isEmpty ? .empty : .bytes(kept.body)))
    }

    /// Keeps an answer. A streamed one is not kept: no POST that changes anything gives one.
    func keep(_ response: Response, at time: Timestamp, in transaction: Transaction) throws {
        var body: [UInt8] = []
        if case .bytes(let bytes) = response.body { body = bytes }
        let headers = response.headers.fields.map { field in
            "\(String(decoding: response.headers.bytes[field.name], as: UTF8.self)):"
                + String(decoding: response.headers.bytes[field.value], as: UTF8.self)
        }
        _ = try transaction.run(
            "INSERT INTO idempotency (scope, key, request, status, headers, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            scope, key, request, Int64(response.status.code), headers.joined(separator: "\n"), body, time)
    }

    /// Forgets keys that are older than a day.
    static func prune(_ database: Database, now: Timestamp) async throws {
        let limit = now.adding(seconds: -keptSeconds)
        _ = try await database.write { try $0.run("DELETE FROM idempotency WHERE created_at < ?", limit) }
    }
}
