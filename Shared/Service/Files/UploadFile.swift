import Glibc
import Models

/// A file that is written under a name of its own, and gets its final name once it is whole and durable.
public final class UploadFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Makes the file, with its folder. Blocks, as everything here does.
    public init(in folder: String, named name: String) throws {
        try Folders.make(folder)
        path = "\(folder)/\(name)"
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure.error("open", path) }
    }

    deinit { close(descriptor) }

    public func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFailure.error("write", path) }
            done += count
        }
    }

    /// Makes what was written durable, under its final name.
    public func finish(as final: String) throws {
        guard fsync(descriptor) == 0 else { throw FileFailure.error("fsync", path) }
        if let slash = final.lastIndex(of: "/") { try Folders.make(String(final[..<slash])) }
        guard rename(path, final) == 0 else { throw FileFailure.error("rename", final) }
        guard let slash = final.lastIndex(of: "/") else { return }
        let folder = open(String(final[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw FileFailure.error("open", final) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw FileFailure.error("fsync", final) }
    }

    /// Throws away what was written.
    public func discard() { unlink(path) }
}
