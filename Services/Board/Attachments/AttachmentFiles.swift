import Glibc
import HTTP
import Identity
import Models
import Service
import Synchronization

/// The files of attachments, each under its own digest: `<folder>/<first two digits>/<sha256>`. The same content is kept once.
final class AttachmentFiles: Sendable {
    /// Uploads under way; emptied at the start.
    private static let uploads = "uploads"

    let folder: String
    let queue: FileQueue
    /// Digests of files that are about to be referred to: they are not removed meanwhile.
    private let arriving = Mutex<[String: Int]>([:])

    init(folder: String, queue: FileQueue) {
        self.folder = folder
        self.queue = queue
    }

    /// What was kept of an upload.
    struct Kept: Sendable {
        let bytes: Int64
        let sha256: String
    }

    func path(_ sha256: String) -> String { "\(folder)/\(sha256.prefix(2))/\(sha256)" }

    /// Streams a form's part to disk, piece by piece, and calls `refer` once it is durable under its digest's name. What fails or
    /// breaks off leaves nothing.
    /// - Throws: 413 when it is longer than `limit` bytes; 507.
    func keep<Result: Sendable>(
        _ part: MultipartPart, upTo limit: Int, _ refer: (Kept) async throws -> Result
    ) async throws -> Result {
        let upload = try await queue.perform { [folder] in
            try UploadFile(
                in: "\(folder)/\(AttachmentFiles.uploads)", named: String(decoding: SecureRandom.base62(16), as: UTF8.self))
        }
        do {
            var digest = RunningDigest()
            var bytes = 0
            while let piece = try await part.next() {
                bytes += piece.count
                guard bytes <= limit else { throw HTTPError.contentTooLarge(limit: limit) }
                digest.add(piece)
                try await queue.perform { try upload.write(piece) }
            }
            let sha256 = digest.finish().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            expect(sha256, +1)
            defer { expect(sha256, -1) }
            let final = path(sha256)
            try await queue.perform { try upload.finish(as: final) }
            return try await refer(Kept(bytes: Int64(bytes), sha256: sha256))
        } catch {
            // try?: what could not be removed goes at the next start.
            try? await queue.perform { upload.discard() }
            throw error
        }
    }

    private func expect(_ sha256: String, _ change: Int) {
        arriving.withLock { arriving in
            let count = (arriving[sha256] ?? 0) + change
            arriving[sha256] = count == 0 ? nil : count
        }
    }

    /// Removes a file, unless it is about to be referred to.
    /// - Returns: whether it is gone.
    func remove(_ sha256: String) -> Bool {
        // The lock is held over the one call that removes it: whoever is about to refer to it comes before or after both.
        arriving.withLock { arriving in
            guard arriving[sha256] == nil else { return false }
            return unlink(path(sha256)) == 0 || errno == ENOENT
        }
    }

    /// Removes what was left of uploads that a crash has cut short. Blocks.
    func removeUploads() {
        for name in AttachmentFiles.names(in: "\(folder)/\(AttachmentFiles.uploads)") {
            unlink("\(folder)/\(AttachmentFiles.uploads)/\(name)")
        }
    }

    /// The digests of all files. Blocks.
    func all() -> [String] {
        AttachmentFiles.names(in: folder).filter { $0.utf8.count == 2 }.flatMap { AttachmentFiles.names(in: "\(folder)/\($0)") }
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
