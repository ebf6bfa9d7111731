/// Rules about any text file. Each is a pure function; `TreeTests` runs them over the tree, `RuleTests` over planted faults.
enum TextRules {
    static let columnsMax = 130

    /// Text that a Swift source quotes in a multi-line string stays as it was written.
    static func lineLength(_ file: SourceFile) -> [Fault] {
        numbered(file).compactMap { number, line in
            guard line.utf8.count > columnsMax, line.count > columnsMax else { return nil }
            if file.isSwift, file.swift.lines[number - 1].isBlank { return nil }
            return file.fault(number, "\(line.count) columns; at most \(columnsMax)")
        }
    }

    static func whitespace(_ file: SourceFile) -> [Fault] {
        var faults: [Fault] = []
        for (number, line) in numbered(file) {
            // A Makefile has no other way.
            if line.utf8.contains(UInt8(ascii: "\t")), !file.path.hasSuffix("Makefile") {
                faults.append(file.fault(number, "a tab; indent with spaces"))
            }
            if let last = line.last, last.isWhitespace { faults.append(file.fault(number, "space at the end of the line")) }
        }
        if !file.text.isEmpty, !file.text.hasSuffix("\n") {
            faults.append(file.fault(file.lines.count, "no line feed at the end of the file"))
        }
        return faults
    }

    // In two pieces, since this file is read by its own rules.
    private static let promises = ["TO" + "DO", "FIX" + "ME", "HA" + "CK"]

    /// A promise needs an issue: `#12` on the same line.
    static func promises(_ file: SourceFile) -> [Fault] {
        numbered(file).compactMap { number, line in
            // Quoted, it is a value: a status of the crews surface is called so.
            guard let word = promises.first(where: { isWord($0, in: line.replacing("\"\($0)\"", with: "")) }),
                !line.contains(#/#[0-9]/#)
            else { return nil }
            return file.fault(number, "\(word) without the number of its issue")
        }
    }

    private static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]

    /// A path of somebody's machine works on no other one.
    static func machinePaths(_ file: SourceFile) -> [Fault] {
        numbered(file).compactMap { number, line in
            machinePaths.first { line.contains($0) }.map { file.fault(number, "\"\($0)\" is a path of one machine") }
        }
    }

    /// The owner's decision: no Swift packages.
    static func packages(_ file: SourceFile) -> [Fault] {
        guard file.path == "Package.swift" else { return [] }
        return zip(1..., file.swift.lines).compactMap { number, line in
            line.code.contains(".package(") ? file.fault(number, "a package; the suite depends on none") : nil
        }
    }

    static func numbered(_ file: SourceFile) -> some Sequence<(Int, Substring)> { zip(1..., file.lines) }

    /// Whether `word` stands in `line` with no letter or digit at either side.
    static func isWord(_ word: String, in line: some StringProtocol) -> Bool {
        var rest = line[...]
        while let range = rest.firstRange(of: word) {
            let before = line[..<range.lowerBound].last
            let after = line[range.upperBound...].first
            if !isWordPart(before), !isWordPart(after) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    static func isWordPart(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false }
}
