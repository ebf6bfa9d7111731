/// Swift source with code and comments told apart, line by line, so that a rule about code is not misled by a string or a
/// comment.
struct SwiftText: Sendable {
    struct Line: Sendable, Equatable {
        /// The code, the contents of string literals left out (`print("a")` is `print("")`).
        var code = ""
        /// The comment, its slashes or stars included; nil when there is none.
        var comment: String?

        var isBlank: Bool { comment == nil && code.allSatisfy(\.isWhitespace) }
        var isOnlyComment: Bool { comment != nil && code.allSatisfy(\.isWhitespace) }
    }

    private(set) var lines: [Line] = [Line()]

    private enum Mode {
        case code
        case lineComment
        case blockComment(depth: Int)
        case string(hashes: Int, isMultiline: Bool)
        /// Inside `\( … )` of a string: code, until the parenthesis closes.
        case interpolation(parentheses: Int)
    }

    init(_ text: String) {
        var modes: [Mode] = [.code]
        let bytes = Array(text.utf8)
        var index = 0
        var current: [UInt8] = []
        var comment: [UInt8]?
        func endLine() {
            lines[lines.count - 1] = Line(
                code: String(decoding: current, as: UTF8.self), comment: comment.map { String(decoding: $0, as: UTF8.self) })
            lines.append(Line())
            current = []
            comment = nil
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                if case .lineComment = modes[modes.count - 1] { modes.removeLast() }
                endLine()
                index += 1
                continue
            }
            let step = SwiftText.step(at: index, in: bytes, &modes)
            let part = bytes[index..<index + step.length]
            switch step.kind {
            case .code: current.append(contentsOf: part)
            case .comment: comment = (comment.take() ?? []) + part
            case .literal: break
            }
            index += step.length
        }
        endLine()
        lines.removeLast()
        if text.hasSuffix("\n") { lines.removeLast() }
    }

    private enum Kind { case code, comment, literal }

    /// What the bytes at `index` are, and how many of them are the same; changes the mode where they open or close something.
    private static func step(at index: Int, in bytes: [UInt8], _ modes: inout [Mode]) -> (kind: Kind, length: Int) {
        func starts(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            return index + count <= bytes.count
                && text.withUTF8Buffer { $0.elementsEqual(bytes[index..<index + count]) }
        }
        switch modes[modes.count - 1] {
        case .lineComment: return (.comment, bytes[index...].prefix { $0 != UInt8(ascii: "\n") }.count)
        case .blockComment(let depth):
            if starts("*/") {
                modes[modes.count - 1] = .blockComment(depth: depth - 1)
                if depth == 1 { modes.removeLast() }
                return (.comment, 2)
            }
            if starts("/*") {
                modes[modes.count - 1] = .blockComment(depth: depth + 1)
                return (.comment, 2)
            }
            return (.comment, 1)
        case .string(let hashes, let isMultiline):
            return stringStep(at: index, in: bytes, hashes, isMultiline, &modes)
        case .code, .interpolation:
            if starts("//") {
                modes.append(.lineComment)
                return (.comment, 2)
            }
            if starts("/*") {
                modes.append(.blockComment(depth: 1))
                return (.comment, 2)
            }
            if let opening = openingQuote(at: index, in: bytes) {
                modes.append(.string(hashes: opening.hashes, isMultiline: opening.isMultiline))
                return (.code, opening.hashes + (opening.isMultiline ? 3 : 1))
            }
            if case .interpolation(let parentheses) = modes[modes.count - 1] {
                if starts("(") { modes[modes.count - 1] = .interpolation(parentheses: parentheses + 1) }
                if starts(")") {
                    modes[modes.count - 1] = .interpolation(parentheses: parentheses - 1)
                    if parentheses == 1 { modes.removeLast() }
                }
            }
            return (.code, 1)
        }
    }

    private static func stringStep(
        at index: Int, in bytes: [UInt8], _ hashes: Int, _ isMultiline: Bool, _ modes: inout [Mode]
    ) -> (kind: Kind, length: Int) {
        let quotes = isMultiline ? 3 : 1
        let rest = bytes[index...]
        if rest.prefix(quotes).elementsEqual(repeatElement(UInt8(ascii: "\""), count: quotes)),
            rest.dropFirst(quotes).prefix(hashes).elementsEqual(repeatElement(UInt8(ascii: "#"), count: hashes))
        {
            modes.removeLast()
            return (.code, quotes + hashes)
        }
        if rest.first == UInt8(ascii: "\\"),
            rest.dropFirst().prefix(hashes).elementsEqual(repeatElement(UInt8(ascii: "#"), count: hashes))
        {
            let next = rest.dropFirst(1 + hashes).first
            if next == UInt8(ascii: "(") {
                modes.append(.interpolation(parentheses: 1))
                return (.code, 2 + hashes)
            }
            // An escaped character, unless it is the line feed that a multi-line string may escape.
            return (.literal, min(bytes.count - index, next == UInt8(ascii: "\n") ? 1 + hashes : 2 + hashes))
        }
        return (.literal, 1)
    }

    private static func openingQuote(at index: Int, in bytes: [UInt8]) -> (hashes: Int, isMultiline: Bool)? {
        let hashes = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
        let quotes = bytes[(index + hashes)...].prefix(3).prefix { $0 == UInt8(ascii: "\"") }.count
        guard quotes > 0 else { return nil }
        return (hashes, quotes == 3)
    }
}
