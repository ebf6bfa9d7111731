import FoundationEssentials
import Glibc

/// The few things that a run does with folders.
enum Folder {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes a folder and those above it, for this user alone; nothing when it is there.
    static func make(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Removes a folder with all that is in it.
    static func remove(_ path: String) {
        // A folder that an agent has made read-only keeps its contents otherwise.
        for inner in paths(in: path) { makeWritable("\(path)/\(inner)") }
        // try?: what cannot be removed is left to whoever owns the run's folder.
        try? FileManager.default.removeItem(atPath: path)
    }

    static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    /// The regular files under a folder, as paths relative to it, sorted. Links are not followed.
    static func files(in path: String) -> [String] {
        paths(in: path).filter { inner in
            var status = stat()
            return lstat("\(path)/\(inner)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }.sorted()
    }

    private static func paths(in path: String) -> [String] {
        (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []  // try?: a folder that is not there holds nothing
    }

    private static func makeWritable(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & S_IRWXU != S_IRWXU else { return }
        chmod(path, status.st_mode | S_IRWXU)
    }
}
