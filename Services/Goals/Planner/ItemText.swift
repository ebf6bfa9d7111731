import Models

/// What the first line of an item says: its title, the agent that it names, and the tasks that it waits for.
struct ItemText {
    /// Words that name other tasks, as `(after: A, B)`, `depends on A` or `after: A` do.
    struct Dependencies {
        /// What stands after the keyword, not yet taken apart.
        let names: String
        /// False for `depends on …` without a colon or parentheses, which may be plain prose: then it counts only if it names a
        /// task.
        let isCertain: Bool
    }

    private static let keywords = [(word: Array("after".utf8), isDependsOn: false), (Array("depends on".utf8), true)]

    /// The title without agent and dependencies.
    private(set) var title: String
    private(set) var agent: String?
    private(set) var dependencies: [Dependencies] = []
    /// The title with what may be plain prose left in.
    private(set) var titleWithProse: String

    init(_ text: ArraySlice<UInt8>) {
        var rest = ItemText.takeAgent(from: text, &agent)
        rest = ItemText.takeParenthesized(from: rest[...], &dependencies)
        titleWithProse = ""
        title = ""
        if let (start, clause) = ItemText.trailing(rest[...]) {
            dependencies.append(clause)
            titleWithProse = ItemText.tidied(clause.isCertain ? rest[..<start] : rest[...])
            title = ItemText.tidied(rest[..<start])
        } else {
            title = ItemText.tidied(rest[...])
            titleWithProse = title
        }
    }

    /// Whether a line under an item does nothing but name dependencies.
    static func isDependencyLine(_ line: ArraySlice<UInt8>) -> Bool { dependencyLine(line) != nil }

    /// What a line under an item names, when that is all that it does.
    static func dependencyLine(_ line: ArraySlice<UInt8>) -> Dependencies? {
        var found: [Dependencies] = []
        let rest = takeParenthesized(from: line, &found)
        if found.count == 1, rest.trimmed.isEmpty { return found[0] }
        guard let (start, clause) = trailing(line), line[..<start].trimmed.isEmpty else { return nil }
        return clause
    }

    /// `@slug` at the start of a word, outside of code: the first one is the agent, and is cut out.
    private static func takeAgent(from text: ArraySlice<UInt8>, _ agent: inout String?) -> [UInt8] {
        var isCode = false
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == UInt8(ascii: "`") { isCode.toggle() }
            let isWordStart = index == text.startIndex || text[index - 1].isBlank || text[index - 1] == UInt8(ascii: "(")
            if byte == UInt8(ascii: "@"), !isCode, isWordStart {
                let word = text[(index + 1)...].prefix { !$0.isBlank }
                let slug = word.prefix { isSlugByte($0) }
                let isWhole = word[slug.endIndex...].allSatisfy { ".,;:)".utf8.contains($0) }
                let name = slug.string.lowercased()
                if isWhole, Slug.isValid(name) {
                    agent = name
                    var before = text[..<index]
                    var after = text[slug.endIndex...]
                    if before.last == UInt8(ascii: "("), after.first == UInt8(ascii: ")") {
                        before.removeLast()
                        after.removeFirst()
                    }
                    return Array(before) + after
                }
            }
            index += 1
        }
        return Array(text)
    }

    private static func isSlugByte(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.lowered &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "-")
    }

    /// Cuts out each `(after: …)`, `(after …)`, `(depends on …)`, also in square brackets.
    private static func takeParenthesized(from text: ArraySlice<UInt8>, _ dependencies: inout [Dependencies]) -> [UInt8] {
        var rest: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            guard byte == UInt8(ascii: "(") || byte == UInt8(ascii: "["),
                let keyword = keyword(in: text[(index + 1)...].drop(while: \.isBlank))
            else {
                rest.append(byte)
                index += 1
                continue
            }
            let close = byte == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "]")
            let end = closing(text[keyword.end...], open: byte, close: close)
            dependencies.append(Dependencies(names: text[keyword.end..<end].trimmed.string, isCertain: true))
            while let last = rest.last, last.isBlank { rest.removeLast() }
            index = min(end + 1, text.endIndex)
            if index < text.endIndex, !text[index].isBlank, !".,;:".utf8.contains(text[index]) { rest.append(UInt8(ascii: " ")) }
        }
        return rest
    }

    /// Where the bracket closes that is open at the start of `text`; its end when it never does.
    private static func closing(_ text: ArraySlice<UInt8>, open: UInt8, close: UInt8) -> Int {
        var depth = 1
        for (index, byte) in zip(text.indices, text) {
            if byte == open { depth += 1 }
            if byte == close { depth -= 1 }
            if depth == 0 { return index }
        }
        return text.endIndex
    }

    /// The first `after: …`, `depends on: …` or `depends on …` that stands at the start of a word, and where it starts.
    private static func trailing(_ text: ArraySlice<UInt8>) -> (start: Int, Dependencies)? {
        var isWordStart = true
        for (index, byte) in zip(text.indices, text) {
            if isWordStart, let keyword = keyword(in: text[index...]), keyword.hasColon || keyword.isDependsOn {
                let names = text[keyword.end...].trimmed.string
                if !names.isEmpty { return (index, Dependencies(names: names, isCertain: keyword.hasColon)) }
            }
            isWordStart = byte.isBlank
        }
        return nil
    }

    /// The keyword that `text` begins with, in any case, and where it ends, its colon included.
    private static func keyword(in text: ArraySlice<UInt8>) -> (end: Int, hasColon: Bool, isDependsOn: Bool)? {
        for (word, isDependsOn) in keywords {
            let start = text.prefix(word.count)
            guard start.count == word.count, zip(start, word).allSatisfy({ $0.lowered == $1 }) else { continue }
            let rest = text[start.endIndex...]
            let colon = rest.drop(while: \.isBlank)
            if colon.first == UInt8(ascii: ":") { return (colon.startIndex + 1, true, isDependsOn) }
            if rest.first?.isBlank ?? false { return (rest.startIndex, false, isDependsOn) }
        }
        return nil
    }

    /// A title as a reader wants it: runs of blanks are one, and neither separators nor the marks of a title that is all bold
    /// stand around it.
    private static func tidied(_ text: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        for byte in text where !(byte.isBlank && (bytes.last?.isBlank ?? true)) { bytes.append(byte.isBlank ? 32 : byte) }
        var title = bytes[...].trimmed
        while let last = title.last,
            last.isBlank || last == UInt8(ascii: ":") || last == UInt8(ascii: ",") || last == UInt8(ascii: ";")
        {
            title.removeLast()
        }
        if title.suffix(2).elementsEqual(" -".utf8) { title.removeLast(2) }
        if title.count > 4, title.prefix(2).elementsEqual("**".utf8), title.suffix(2).elementsEqual("**".utf8),
            !title.dropFirst(2).dropLast(2).contains(UInt8(ascii: "*"))
        {
            title = title.dropFirst(2).dropLast(2).trimmed
        }
        return title.string
    }
}
