import FoundationEssentials
import Glibc

/// The files of a run's working folder, and never any other: a path that leads out of it, by `..` or by a link, is refused.
struct WorkingFiles: Sendable {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    static let readBytesMax = 256 * 1024
    private static let listedMax = 1000

    let root: String

    /// A file's text; what is not UTF-8 is replaced.
    func read(_ path: String) throws -> String {
        let location = try resolved(path)
        let descriptor = open(location, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { throw Refused(description: "\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Refused(description: "\(path): no file")
        }
        guard status.st_size <= WorkingFiles.readBytesMax else {
            throw Refused(description: "\(path): \(status.st_size) bytes; at most \(WorkingFiles.readBytesMax) are read at once")
        }
        return String(decoding: try Data(contentsOf: URL(filePath: location)), as: UTF8.self)
    }

    func write(_ content: String, to path: String) throws {
        let location = try resolved(path)
        if let slash = location.lastIndex(of: "/") { try Folder.make(String(location[..<slash])) }
        try Folder.write(content, to: location)
    }

    /// The files' paths, a line each, without git's own.
    func list() -> String {
        let files = Folder.files(in: root).filter { !$0.hasPrefix(".git/") && $0 != ".git" }
        let more = files.count > WorkingFiles.listedMax ? "\nand \(files.count - WorkingFiles.listedMax) more" : ""
        return files.prefix(WorkingFiles.listedMax).joined(separator: "\n") + more
    }

    /// Where `path` leads, with all links followed as far as it exists.
    private func resolved(_ path: String) throws -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty, !path.hasPrefix("/"), !parts.contains(".."), !path.utf8.contains(0) else {
            throw Refused(description: "\(path): not a path in the working folder")
        }
        guard let top = real(root) else { throw Refused(description: "the working folder is gone") }
        var existing = top
        for (index, part) in parts.enumerated() {
            let next = existing + "/" + part
            guard let found = real(next) else {
                // Nothing there, or a link that leads nowhere: that one may not be written through.
                var status = stat()
                guard lstat(next, &status) != 0 else { throw Refused(description: "\(path): leads out of the working folder") }
                return existing + "/" + parts[index...].joined(separator: "/")
            }
            guard found == top || found.hasPrefix(top + "/") else {
                throw Refused(description: "\(path): leads out of the working folder")
            }
            existing = found
        }
        return existing
    }

    private func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
