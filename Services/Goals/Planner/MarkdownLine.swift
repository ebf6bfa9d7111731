/// One line of a description, without its line end, as a range of the description's bytes.
struct MarkdownLine {
    /// A tab reaches to the next multiple of this many columns (CommonMark §2.2).
    static let tabColumns = 4

    let start: Int
    let end: Int
    /// Where the text begins after leading spaces and tabs.
    let textStart: Int
    /// The column at which the text begins.
    let indent: Int

    var isBlank: Bool { textStart == end }
    var text: Range<Int> { textStart..<end }

    /// The lines of `bytes`, ended by LF, CR LF or CR.
    static func split(_ bytes: [UInt8]) -> [MarkdownLine] {
        var lines: [MarkdownLine] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                index += 1
                continue
            }
            lines.append(MarkdownLine(bytes, start..<index))
            index += byte == UInt8(ascii: "\r") && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n") ? 2 : 1
            start = index
        }
        if start < bytes.count { lines.append(MarkdownLine(bytes, start..<bytes.count)) }
        return lines
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        start = range.lowerBound
        var end = range.upperBound
        var text = start
        var column = 0
        while text < end, bytes[text].isBlank {
            column = MarkdownLine.column(after: bytes[text], at: column)
            text += 1
        }
        if text == end { end = start }
        self.end = end
        textStart = min(text, end)
        indent = column
    }

    /// The column after a space or a tab at `column`.
    static func column(after byte: UInt8, at column: Int) -> Int {
        byte == UInt8(ascii: "\t") ? (column / tabColumns + 1) * tabColumns : column + 1
    }

    /// Appends the line to `output` with up to `columns` columns of its indentation taken away; the rest stays as it was written.
    func append(to output: inout [UInt8], from bytes: [UInt8], dedentedBy columns: Int) {
        var column = 0
        var index = start
        while index < textStart, column < columns {
            column = MarkdownLine.column(after: bytes[index], at: column)
            index += 1
        }
        if column > columns { output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: column - columns)) }
        output.append(contentsOf: bytes[index..<end])
        output.append(UInt8(ascii: "\n"))
    }
}

extension UInt8 {
    /// A space or a tab.
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    /// In lower case, when it is an ASCII letter.
    var lowered: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
}

extension Collection<UInt8> where SubSequence == ArraySlice<UInt8> {
    /// Without leading and trailing spaces and tabs.
    var trimmed: ArraySlice<UInt8> {
        var slice = self[...]
        while let first = slice.first, first.isBlank { slice.removeFirst() }
        while let last = slice.last, last.isBlank { slice.removeLast() }
        return slice
    }

    var string: String { String(decoding: self, as: UTF8.self) }
}
