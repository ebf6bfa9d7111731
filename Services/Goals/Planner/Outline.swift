/// The structure of a description: its sections in order, each with its items, before anything is made of them.
struct Outline {
    /// A heading and what stands under it up to the next one. The first section has no heading.
    struct Section {
        var heading: String?
        /// 1 to 6; 0 for what stands before the first heading.
        var level: Int
        /// Prose outside of items.
        var prose: [UInt8] = []
        /// Fenced blocks before the first item, which belong to none.
        var blocks: [UInt8] = []
        var items: [Item] = []
    }

    /// A list item that is not inside of another one.
    struct Item {
        /// The first line, as written, without marker and check box.
        var text: ArraySlice<UInt8>
        var isChecked: Bool
        /// The lines under it: prose, sub-steps, fenced blocks; each ends with a line feed.
        var body: [UInt8] = []
        /// Which parts of `body` are lines of their own that name dependencies.
        var dependencyLines: [Range<Int>] = []
    }

    var sections: [Section] = [Section(heading: nil, level: 0)]
    var warnings: [String] = []

    var hasItems: Bool { sections.contains { !$0.items.isEmpty } }
}

/// Reads a description line by line into an `Outline`. Each line is looked at a fixed number of times, so that no input takes
/// more than linear time; nothing is recursive, so that no nesting exhausts the stack.
struct OutlineReader {
    /// Sub-steps nested deeper than this are indented no further.
    static let shownDepthMax = 8
    /// A marker indented by this many columns more than another one's is nested in it; people indent by less than CommonMark
    /// asks.
    static let nestingColumnsMin = 2

    private let bytes: [UInt8]
    private let lines: [MarkdownLine]
    private let fences: FenceIndex
    private var outline = Outline()
    /// The columns of the markers of the open item and of those nested in it that lead to the current line.
    private var openMarkers: [Int] = []
    /// The column at which the text of the open top-level item begins.
    private var contentColumn = 0
    private var afterBlank = false
    /// Where the line before stands in the section's prose, when it was such a line: it may turn out to be a heading.
    private var lastProse: Range<Int>?

    static func read(_ description: String) -> Outline {
        var reader = OutlineReader(Array(description.utf8))
        reader.readLines()
        return reader.outline
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        lines = MarkdownLine.split(bytes)
        fences = FenceIndex(lines, in: bytes)
    }

    private var section: Int { outline.sections.count - 1 }
    private var hasItem: Bool { !outline.sections[section].items.isEmpty }

    private mutating func readLines() {
        var index = 0
        while index < lines.count {
            let line = lines[index]
            if line.isBlank {
                afterBlank = true
                lastProse = nil
                index += 1
                continue
            }
            if let fence = fences.fence(at: index) {
                index = readBlock(fence, at: index, column: line.indent)
                lastProse = nil
            } else if let marker = itemMarker(line) {
                lastProse = nil
                index = readItem(marker, at: index)
            } else {
                readLine(line)
                index += 1
            }
            afterBlank = false
        }
    }

    private func itemMarker(_ line: MarkdownLine) -> MarkdownShape.Marker? {
        guard !MarkdownShape.isThematicBreak(line, in: bytes) else { return nil }
        if lastProse != nil, MarkdownShape.underline(line, in: bytes) != nil { return nil }
        return MarkdownShape.marker(line, in: bytes)
    }

    /// A line that is neither blank nor an item nor code.
    private mutating func readLine(_ line: MarkdownLine) {
        let isUnderItem = openMarkers.first.map { line.indent >= $0 + OutlineReader.nestingColumnsMin } ?? false
        if !isUnderItem, let heading = MarkdownShape.heading(line, in: bytes) {
            return open(heading: heading.text.string, level: heading.level)
        }
        if let prose = lastProse, let level = MarkdownShape.underline(line, in: bytes) {
            let heading = outline.sections[section].prose[prose].dropLast().trimmed.string
            outline.sections[section].prose.removeSubrange(prose)
            return open(heading: heading, level: level)
        }
        lastProse = nil
        if MarkdownShape.isThematicBreak(line, in: bytes) {
            if !isUnderItem { openMarkers.removeAll() }
        } else if isUnderItem || (!openMarkers.isEmpty && !afterBlank) {
            readProse(line)
        } else {
            openMarkers.removeAll()
            if afterBlank { OutlineReader.appendBlankLine(to: &outline.sections[section].prose) }
            let start = outline.sections[section].prose.count
            line.append(to: &outline.sections[section].prose, from: bytes, dedentedBy: 3)
            lastProse = start..<outline.sections[section].prose.count
        }
    }

    private mutating func open(heading: String, level: Int) {
        outline.sections.append(Outline.Section(heading: heading, level: level))
        openMarkers.removeAll()
        lastProse = nil
    }

    /// Reads the item on line `index`, and the code that begins on the same line; gives the index of the line after it.
    private mutating func readItem(_ marker: MarkdownShape.Marker, at index: Int) -> Int {
        let line = lines[index]
        while let open = openMarkers.last, line.indent < open + OutlineReader.nestingColumnsMin { openMarkers.removeLast() }
        openMarkers.append(line.indent)
        let fence = MarkdownShape.fence(at: marker.textStart..<line.end, in: bytes)
        let text = fence == nil ? bytes[marker.textStart..<line.end].trimmed : []
        if openMarkers.count == 1 {
            contentColumn = marker.contentColumn
            outline.sections[section].items.append(Outline.Item(text: text, isChecked: marker.isChecked))
        } else {
            appendIndented(text, box: marker.isChecked ? "- [x] " : "- [ ] ", depth: openMarkers.count - 2)
        }
        guard let fence else { return index + 1 }
        return readBlock(fence, at: index, column: marker.contentColumn, opening: marker.textStart..<line.end)
    }

    /// A line of prose of the open item, or of a sub-step.
    private mutating func readProse(_ line: MarkdownLine) {
        if afterBlank { appendBlankLineToItem() }
        guard openMarkers.count == 1 else {
            return appendIndented(bytes[line.text].trimmed, box: "", depth: openMarkers.count - 1)
        }
        let isDependencyLine = ItemText.isDependencyLine(bytes[line.text])
        withItem { item, bytes, column in
            let start = item.body.count
            line.append(to: &item.body, from: bytes, dedentedBy: column)
            if isDependencyLine { item.dependencyLines.append(start..<item.body.count) }
        }
    }

    /// Reads the fenced block that begins on line `index` at `column`, all of it or from `opening` on; gives the index of the
    /// line after it.
    private mutating func readBlock(_ fence: MarkdownShape.Fence, at index: Int, column: Int, opening: Range<Int>? = nil) -> Int {
        let end = fences.end(ofBlockAt: index, opened: fence, indent: column)
        var block = Array(bytes[opening ?? lines[index].text])
        block.append(UInt8(ascii: "\n"))
        for line in lines[(index + 1)..<end.next] { line.append(to: &block, from: bytes, dedentedBy: column) }
        if !end.isClosed {
            block.append(contentsOf: repeatElement(fence.mark, count: fence.length))
            block.append(UInt8(ascii: "\n"))
            outline.warnings.append("the code block that begins on line \(index + 1) is never closed")
        }
        if hasItem {
            if afterBlank { appendBlankLineToItem() }
            withItem { item, _, _ in item.body.append(contentsOf: block) }
        } else {
            OutlineReader.appendBlankLine(to: &outline.sections[section].blocks)
            outline.sections[section].blocks.append(contentsOf: block)
        }
        return end.next
    }

    private mutating func appendIndented(_ text: ArraySlice<UInt8>, box: StaticString, depth: Int) {
        let spaces = 2 * min(depth, OutlineReader.shownDepthMax)
        withItem { item, _, _ in
            item.body.append(contentsOf: repeatElement(UInt8(ascii: " "), count: spaces))
            box.withUTF8Buffer { item.body.append(contentsOf: $0) }
            item.body.append(contentsOf: text)
            item.body.append(UInt8(ascii: "\n"))
        }
    }

    private mutating func appendBlankLineToItem() {
        withItem { item, _, _ in OutlineReader.appendBlankLine(to: &item.body) }
    }

    private static func appendBlankLine(to text: inout [UInt8]) {
        if !text.isEmpty { text.append(UInt8(ascii: "\n")) }
    }

    /// Changes the last item of the section in place, given the description's bytes and the column of the item's text.
    private mutating func withItem(_ change: (inout Outline.Item, [UInt8], Int) -> Void) {
        let section = section
        let last = outline.sections[section].items.count - 1
        if last >= 0 { change(&outline.sections[section].items[last], bytes, contentColumn) }
    }
}
