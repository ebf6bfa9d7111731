import Models

/// The part of YAML that front matter is written in: members of the outermost level that are a text (plain, quoted, or a block)
/// or a list of texts. There are no anchors, tags or types, so nothing can grow when it is read.
struct FrontMatter {
    static let membersMax = 100

    private enum Value {
        case text(String)
        case list([String])
        /// A map or whatever else is indented below a member: no skill has such members.
        case other
    }

    private var members: [String: Value] = [:]

    /// - Throws: 400 naming `front_matter` when the member is not a text.
    func text(_ name: String) throws(ServiceError) -> String? {
        switch members[name] {
        case nil: return nil
        case .text(let text): return text
        case .list, .other: throw .invalid("front_matter", "\(name) must be a text")
        }
    }

    /// A list, or the comma-separated words of a text.
    func list(_ name: String) throws(ServiceError) -> [String] {
        switch members[name] {
        case nil: return []
        case .list(let items): return items
        case .text(let text):
            return text.split(separator: ",").map { String(FrontMatter.trimmed($0)) }.filter { !$0.isEmpty }
        case .other: throw .invalid("front_matter", "\(name) must be a list")
        }
    }

    /// Reads the lines between the fences.
    /// - Parameter firstLine: the number of the first of them, for messages.
    static func read(_ source: ArraySlice<Substring>, firstLine: Int) throws(ServiceError) -> FrontMatter {
        let lines = Array(source)
        var matter = FrontMatter()
        var index = 0
        while index < lines.count {
            let line = lines[index]
            let number = firstLine + index
            index += 1
            if isBlankOrComment(line) { continue }
            guard let first = line.first, first != " ", first != "\t", let colon = line.firstIndex(of: ":") else {
                throw problem(number, "expected `name: value`")
            }
            let name = String(trimmed(line[..<colon]))
            let after = line[line.index(after: colon)...]
            guard isName(name), after.isEmpty || after.first == " " || after.first == "\t" else {
                throw problem(number, "expected `name: value`")
            }
            guard matter.members[name] == nil else { throw problem(number, "\(name) is there twice") }
            guard matter.members.count < membersMax else { throw problem(number, "more than \(membersMax) members") }
            let below = lines[index...].prefix {
                isBlankOrComment($0) || $0.first == " " || $0.first == "\t" || $0.hasPrefix("-")
            }
            matter.members[name] = try value(trimmed(after), below: Array(below), number)
            index += below.count
        }
        return matter
    }

    private static func value(_ text: Substring, below: [Substring], _ number: Int) throws(ServiceError) -> Value {
        if text.isEmpty || text.first == "#" { return try indented(below, number) }
        if text.first == "|" || text.first == ">" { return .text(try block(text, below, number)) }
        let rest = below.map(trimmed).filter { !$0.isEmpty && $0.first != "#" }
        if text.first == "[" {
            return .list(try flowList((Array([text]) + rest).joined(separator: " "), number))
        }
        if text.first == "{" || text.first == "&" || text.first == "*" || text.first == "!" { return .other }
        // A text goes on over indented lines, folded into one.
        return .text(try scalarValue((Array([text]) + rest).joined(separator: " "), number))
    }

    /// A list of `- item` lines, nothing, or something that is passed over.
    private static func indented(_ lines: [Substring], _ number: Int) throws(ServiceError) -> Value {
        let items = lines.map(trimmed).filter { !$0.isEmpty && $0.first != "#" }
        guard !items.isEmpty else { return .text("") }
        guard items.allSatisfy({ $0 == "-" || $0.hasPrefix("- ") }) else { return .other }
        var list: [String] = []
        for item in items { list.append(try scalarValue(String(trimmed(item.dropFirst())), number)) }
        return .list(list)
    }

    /// A block of indented lines: `|` keeps its line breaks, `>` folds them; `-` drops the last one.
    private static func block(_ header: Substring, _ lines: [Substring], _ number: Int) throws(ServiceError) -> String {
        let marks = header.dropFirst().prefix { $0 != " " && $0 != "#" }
        guard marks.isEmpty || marks == "-" || marks == "+" else { throw problem(number, "`\(header)` is not read here") }
        let indent = lines.first { !trimmed($0).isEmpty }.map { $0.prefix { $0 == " " }.count } ?? 0
        guard indent > 0 || lines.allSatisfy({ trimmed($0).isEmpty }) else { throw problem(number, "its block is not indented") }
        var kept: [Substring] = []
        for (offset, line) in lines.enumerated() {
            let blanks = line.prefix { $0 == " " }.count
            guard blanks >= indent || trimmed(line).isEmpty else {
                throw problem(number + offset + 1, "less indented than its block")
            }
            kept.append(line.dropFirst(indent))
        }
        while let last = kept.last, trimmed(last).isEmpty { kept.removeLast() }
        guard header.first == ">" else { return kept.joined(separator: "\n") + (marks == "-" ? "" : "\n") }
        var folded = ""
        for line in kept {
            if line.isEmpty {
                folded += "\n"
            } else {
                folded += (folded.isEmpty || folded.last == "\n" ? "" : " ") + line
            }
        }
        return folded
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 45, 46, 48...57, 65...90, 95, 97...122: true
                default: false
                }
            }
    }

    private static func isBlankOrComment(_ line: Substring) -> Bool {
        let text = trimmed(line)
        return text.isEmpty || (text.first == "#" && line.first == "#")
    }

    static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    static func problem(_ line: Int, _ what: String) -> ServiceError { .invalid("front_matter", "line \(line): \(what)") }
}
