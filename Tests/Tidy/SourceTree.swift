import FoundationEssentials

/// The tree that this test was built from.
enum SourceTree {
    /// The folder of `Package.swift`.
    static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    static let topLevelEntries: [String] = entries(of: root)

    /// The text files of the tree, by path.
    static let files: [SourceFile] = {
        var paths: [String] = []
        for entry in topLevelEntries where TreeRules.topLevel.contains(entry) { collect(entry, into: &paths) }
        return paths.sorted().compactMap { path in
            // try?: a file that is not UTF-8 is no text, and no rule here is about it.
            (try? String(contentsOfFile: root + "/" + path, encoding: .utf8)).map { SourceFile(path, $0) }
        }
    }()

    static var swiftFiles: [SourceFile] { files.filter(\.isSwift) }

    private static func collect(_ path: String, into paths: inout [String]) {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder) else { return }
        guard isFolder else { return paths.append(path) }
        // What a fuzzer has made up is data, whatever it looks like.
        if path == "Tests/Fuzz/Corpus" { return }
        for entry in entries(of: root + "/" + path) where !["__pycache__", "node_modules"].contains(entry) {
            collect(path + "/" + entry, into: &paths)
        }
    }

    private static func entries(of folder: String) -> [String] {
        // try?: a folder that went away between two looks has no entries.
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
}
