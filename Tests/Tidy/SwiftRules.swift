/// Rules about Swift source. Each is a pure function over one file.
enum SwiftRules {
    static let fileLinesMax = 400
    static let functionLinesMax = 70
    static let mainLinesMax = 40
    /// How far above what it explains a reason may begin.
    static let reasonLinesMax = 5

    static func fileLength(_ file: SourceFile) -> [Fault] {
        guard file.lines.count > fileLinesMax else { return [] }
        return [file.fault(0, "\(file.lines.count) lines; at most \(fileLinesMax): look for the second concept")]
    }

    /// A main reads its configuration, makes its service and runs it.
    static func mainLength(_ file: SourceFile) -> [Fault] {
        guard file.path.contains("/Main/"), file.lines.count > mainLinesMax else { return [] }
        return [file.fault(0, "\(file.lines.count) lines; a main has at most \(mainLinesMax)")]
    }

    static func functionLength(_ file: SourceFile) -> [Fault] {
        FunctionBodies.find(in: file.swift).compactMap { function in
            guard function.lines.count > functionLinesMax else { return nil }
            return file.fault(
                function.lines.lowerBound, "a function of \(function.lines.count) lines; at most \(functionLinesMax)")
        }
    }

    /// What may hide a failure or a race says on its line, or just above, why it does not.
    static func reasons(_ file: SourceFile) -> [Fault] {
        let lines = file.swift.lines
        return zip(1..., lines).compactMap { number, line in
            guard let word = needingReason(line.code), !hasReason(number, lines) else { return nil }
            return file.fault(number, "\(word) without its reason on this line or just above")
        }
    }

    private static func needingReason(_ code: String) -> String? {
        code.firstMatch(of: #/\btry[?!]|@unchecked\sSendable|nonisolated\(unsafe\)|\bunsafe[A-Z]\w*/#).map { String($0.output) }
    }

    static func prints(_ file: SourceFile) -> [Fault] {
        guard file.isLibrary, !file.swift.lines.contains(where: { $0.code.contains("func print(") }) else { return [] }
        return calls(of: ["print(", "debugPrint(", "dump("], in: file) { "\($0)) in a library: log it, or return it" }
    }

    /// A test waits for what it is about, not for time to pass. It may look again and again until a condition holds (`while … {
    /// sleep }`), and play a peer that never answers (a minute or more). Where time is what it is about, a comment on the line or
    /// just above says so.
    static func sleeps(_ file: SourceFile) -> [Fault] {
        guard file.isTest else { return [] }
        let lines = file.swift.lines
        return calls(of: ["sleep(", "usleep(", "nanosleep("], in: file) { "\($0)) in a test: wait for the event" }
            .filter { fault in
                let code = lines[fault.line - 1].code
                return !code.contains("while ") && !code.contains(#/\.seconds\([1-9]\d+\)/#) && !hasReason(fault.line, lines)
            }
    }

    /// Whether a comment stands on the line or on one of the few above it, with no blank line between: a statement may begin
    /// above.
    private static func hasReason(_ number: Int, _ lines: [SwiftText.Line]) -> Bool {
        let above = lines[..<number].suffix(reasonLinesMax).reversed().prefix { !$0.isBlank }
        return above.contains { $0.comment != nil }
    }

    private static func calls(of names: [String], in file: SourceFile, problem: (String) -> String) -> [Fault] {
        zip(1..., file.swift.lines).compactMap { number, line in
            guard let name = names.first(where: { isCall($0, in: line.code) }) else { return nil }
            return file.fault(number, problem(name))
        }
    }

    /// Whether `name` (with its parenthesis) is called, not declared and not the end of a longer name.
    private static func isCall(_ name: String, in code: String) -> Bool {
        var rest = code[...]
        while let range = rest.firstRange(of: name) {
            let before = code[..<range.lowerBound]
            let isOwn = before.hasSuffix("func ") || (before.hasSuffix(".") && name == "print(" && !before.hasSuffix("Swift."))
            if !TextRules.isWordPart(before.last), !isOwn { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}
