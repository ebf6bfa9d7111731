/// A text file of the tree, by its path from the root (`Shared/HTTP/Status.swift`).
struct SourceFile: Sendable {
    let path: String
    let text: String
    /// The lines without their line feeds; what follows the last line feed is a line only when there is something.
    let lines: [Substring]
    /// What a Swift source says, taken apart once for all rules; empty for other files.
    let swift: SwiftText

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        self.lines = lines
        swift = SwiftText(path.hasSuffix(".swift") ? text : "")
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isTest: Bool { path.hasPrefix("Tests/") }
    /// An entry point or a command: where standard output is the product.
    var isProgram: Bool { path.contains("/Main/") || path.contains("/CLI/") || path.hasPrefix("Services/Runner/") }
    var isLibrary: Bool {
        isSwift && !isProgram && ["Shared/", "Services/", "gateway/"].contains { path.hasPrefix($0) }
    }

    func fault(_ line: Int, _ problem: String) -> Fault { Fault(path: path, line: line, problem: problem) }
}

/// What is wrong, and where.
struct Fault: Sendable, Equatable, CustomStringConvertible {
    let path: String
    /// Counted from 1; 0 for the file as a whole.
    let line: Int
    let problem: String

    var description: String { line > 0 ? "\(path):\(line): \(problem)" : "\(path): \(problem)" }
}
