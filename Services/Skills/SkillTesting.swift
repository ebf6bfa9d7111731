import Models

/// Whether a skill's content is as its tests expect it. Pure functions.
enum SkillTesting {
    /// - Returns: what became of each test, in their order.
    static func run(_ tests: [SkillTest], on content: String) -> [SkillTestReport.Result] {
        let headings = Set(headings(of: content).map { $0.lowercased() })
        return tests.map { .init(name: $0.name, message: problem($0, content, headings)) }
    }

    private static func problem(_ test: SkillTest, _ content: String, _ headings: Set<String>) -> String? {
        if let text = test.contains, !content.contains(text) { return "the content does not contain \"\(text.prefix(100))\"" }
        if let text = test.notContains, content.contains(text) { return "the content contains \"\(text.prefix(100))\"" }
        if let heading = test.heading, !headings.contains(heading.lowercased()) {
            return "the content has no heading \"\(heading.prefix(100))\""
        }
        if let bytes = test.bytesMax, content.utf8.count > bytes {
            return "the content has \(content.utf8.count) bytes, more than \(bytes)"
        }
        return nil
    }

    /// The texts of the headings (CommonMark §4.2), without those in fenced code.
    static func headings(of content: String) -> [String] {
        var headings: [String] = []
        var fence: Substring?
        for line in content.split(whereSeparator: \.isNewline) {
            let text = line.drop { $0 == " " }
            if let open = fence {
                if text.hasPrefix(open), text.allSatisfy({ $0 == open.first || $0 == " " }) { fence = nil }
                continue
            }
            let ticks = text.prefix { $0 == text.first && ($0 == "`" || $0 == "~") }
            if ticks.count >= 3 {
                fence = ticks
                continue
            }
            let marks = text.prefix { $0 == "#" }
            let rest = text.dropFirst(marks.count)
            guard (1...6).contains(marks.count), rest.isEmpty || rest.first == " " || rest.first == "\t" else { continue }
            var title = FrontMatter.trimmed(rest)
            let closing = title.reversed().prefix { $0 == "#" }.count
            if closing > 0, title.dropLast(closing).last.map({ $0 == " " }) ?? true {
                title = FrontMatter.trimmed(title.dropLast(closing))
            }
            headings.append(String(title))
        }
        return headings
    }
}
