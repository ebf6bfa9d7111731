import Glibc
import HTTP
import Identity
import Models
import Service

/// The files of artifacts: `<folder>/<run id>/artifacts/<sha256>`, so that a row and its bytes cannot disagree.
struct ArtifactFiles: Sendable {
    let folder: String
    let queue: FileQueue

    /// What was kept of an upload.
    struct Kept: Sendable {
        let bytes: Int64
        let sha256: String
    }

    func path(_ sha256: String, of run: String) -> String { "\(folder)/\(run)/artifacts/\(sha256)" }

    /// Streams a body to disk, and returns once it is durable under its digest's name.
    /// - Throws: 413 when it is longer than `limit` bytes; 507.
    func keep(_ body: Body, of run: String, upTo limit: Int) async throws -> Kept {
        if let length = body.length, length > limit { throw HTTPError.contentTooLarge(limit: limit) }
        var body = body
        let upload = try await queue.perform { [folder] in
            try UploadFile(in: "\(folder)/\(run)/uploads", named: String(decoding: SecureRandom.base62(16), as: UTF8.self))
        }
        do {
            var digest = RunningDigest()
            var bytes = 0
            while let piece = try await body.next() {
                bytes += piece.count
                guard bytes <= limit else { throw HTTPError.contentTooLarge(limit: limit) }
                digest.add(piece)
                try await queue.perform { try upload.write(piece) }
            }
            let sha256 = digest.finish().map { Hexadecimal.byte($0) }.joined()
            let final = path(sha256, of: run)
            try await queue.perform { try upload.finish(as: final) }
            return Kept(bytes: Int64(bytes), sha256: sha256)
        } catch {
            // try?: what could not be removed lies in a folder that nobody reads.
            try? await queue.perform { upload.discard() }
            throw error
        }
    }
}

/// Bytes as two hexadecimal digits each.
enum Hexadecimal {
    static func byte(_ byte: UInt8) -> String { String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }
}
