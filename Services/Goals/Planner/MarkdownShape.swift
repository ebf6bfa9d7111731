/// What a line is by its own look, apart from where it stands.
enum MarkdownShape {
    /// A line that opens or closes a fenced code block (CommonMark §4.5).
    struct Fence {
        /// A backtick or a tilde.
        let mark: UInt8
        let length: Int
        /// Whether words follow the marks: then it can open a block but close none.
        let hasInfo: Bool

        func closes(_ opener: Fence) -> Bool { !hasInfo && mark == opener.mark && length >= opener.length }
    }

    /// The start of a list item.
    struct Marker {
        /// The column at which the item's own text begins; what is indented as far belongs to the item.
        let contentColumn: Int
        /// Where the text begins, after the marker and a check box.
        let textStart: Int
        let isChecked: Bool
    }

    static func fence(_ line: MarkdownLine, in bytes: [UInt8]) -> Fence? { fence(at: line.text, in: bytes) }

    /// The fence that the text in `range` is, if it is one.
    static func fence(at range: Range<Int>, in bytes: [UInt8]) -> Fence? {
        guard let mark = bytes[range].first, mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~") else { return nil }
        let rest = bytes[range].drop { $0 == mark }
        let length = rest.startIndex - range.lowerBound
        guard length >= 3, mark == UInt8(ascii: "~") || !rest.contains(mark) else { return nil }
        return Fence(mark: mark, length: length, hasInfo: !rest.allSatisfy(\.isBlank))
    }

    /// The level and text of a heading that begins with `#` (CommonMark §4.2).
    static func heading(_ line: MarkdownLine, in bytes: [UInt8]) -> (level: Int, text: ArraySlice<UInt8>)? {
        let hash = UInt8(ascii: "#")
        let rest = bytes[line.text].drop { $0 == hash }
        let level = rest.startIndex - line.textStart
        guard (1...6).contains(level), line.indent <= 3, rest.first?.isBlank ?? true else { return nil }
        var text = rest.trimmed
        let withoutHashes = text.reversed().drop { $0 == hash }
        if withoutHashes.isEmpty || (withoutHashes.count < text.count && withoutHashes.first?.isBlank == true) {
            text = text.prefix(withoutHashes.count).trimmed
        }
        return (level, text)
    }

    /// The level of the heading that this line underlines: `===` 1, `---` 2 (CommonMark §4.3).
    static func underline(_ line: MarkdownLine, in bytes: [UInt8]) -> Int? {
        let text = bytes[line.text].trimmed
        guard let mark = text.first, line.indent <= 3, text.allSatisfy({ $0 == mark }) else { return nil }
        return mark == UInt8(ascii: "=") ? 1 : mark == UInt8(ascii: "-") ? 2 : nil
    }

    /// Three or more of `-`, `*` or `_` and nothing else (CommonMark §4.1).
    static func isThematicBreak(_ line: MarkdownLine, in bytes: [UInt8]) -> Bool {
        let text = bytes[line.text]
        guard let mark = text.first, mark == UInt8(ascii: "-") || mark == UInt8(ascii: "*") || mark == UInt8(ascii: "_") else {
            return false
        }
        var count = 0
        for byte in text where !byte.isBlank {
            guard byte == mark else { return false }
            count += 1
        }
        return count >= 3
    }

    /// The marker of a list item: `-`, `*`, `+`, `1.` or `1)`, then a space, then perhaps `[ ]` or `[x]`. Markers that follow on
    /// the same line (`- - - x`) nest nothing and are passed over.
    static func marker(_ line: MarkdownLine, in bytes: [UInt8]) -> Marker? {
        guard var text = afterMarker(at: line.textStart, in: bytes, end: line.end) else { return nil }
        let contentColumn = line.indent + text - line.textStart
        while let next = afterMarker(at: text, in: bytes, end: line.end) { text = next }
        let box = bytes[text..<line.end].prefix(4)
        let isBox =
            box.count >= 3 && box[text] == UInt8(ascii: "[") && box[text + 2] == UInt8(ascii: "]")
            && (box.count == 3 || box[text + 3].isBlank)
        guard isBox, box[text + 1].isBlank || box[text + 1].lowered == UInt8(ascii: "x") else {
            return Marker(contentColumn: contentColumn, textStart: text, isChecked: false)
        }
        let isChecked = !box[text + 1].isBlank
        text += 3
        while text < line.end, bytes[text].isBlank { text += 1 }
        return Marker(contentColumn: contentColumn, textStart: text, isChecked: isChecked)
    }

    /// Where the text after a list marker at `start` begins; nil when there is none.
    private static func afterMarker(at start: Int, in bytes: [UInt8], end: Int) -> Int? {
        guard start < end else { return nil }
        var index = start
        if bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "*") || bytes[index] == UInt8(ascii: "+") {
            index += 1
        } else {
            // At most nine digits (CommonMark §5.2).
            while index < end, index - start < 9, bytes[index].isDigit { index += 1 }
            guard index > start, index < end, bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ")") else {
                return nil
            }
            index += 1
        }
        guard index < end else { return index }
        guard bytes[index].isBlank else { return nil }
        while index < end, bytes[index].isBlank { index += 1 }
        return index
    }
}
