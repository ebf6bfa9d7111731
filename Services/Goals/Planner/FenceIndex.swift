/// Where the fenced blocks of a description end, found once from its end, so that a thousand unclosed ones cost no more than one.
struct FenceIndex {
    private static let none = Int.max

    private let lines: [MarkdownLine]
    private let shapes: [Int: MarkdownShape.Fence]
    /// For each line, the first line after it that is a fence; `none` when there is none.
    private let nextFence: [Int]

    init(_ lines: [MarkdownLine], in bytes: [UInt8]) {
        self.lines = lines
        var shapes: [Int: MarkdownShape.Fence] = [:]
        var nextFence = [Int](repeating: FenceIndex.none, count: lines.count)
        var next = FenceIndex.none
        for index in lines.indices.reversed() {
            nextFence[index] = next
            if let fence = MarkdownShape.fence(lines[index], in: bytes) {
                shapes[index] = fence
                next = index
            }
        }
        self.shapes = shapes
        self.nextFence = nextFence
    }

    func fence(at index: Int) -> MarkdownShape.Fence? { shapes[index] }

    /// Where the block ends that `opener` opens on line `index`: the line after it, and whether a fence closes it.
    ///
    /// An indented block ends early where a line is indented less and no closing fence follows before another block opens: its
    /// writer forgot the fence, and what follows is not code. With a closing fence ahead, such a line is code that was pasted
    /// without indentation.
    func end(ofBlockAt index: Int, opened opener: MarkdownShape.Fence, indent: Int) -> (next: Int, isClosed: Bool) {
        var line = index + 1
        while line < lines.count {
            if let fence = shapes[line], fence.closes(opener) { return (line + 1, true) }
            if indent > 0, !lines[line].isBlank, lines[line].indent < indent, !isClosed(after: line, opener) {
                return (line, false)
            }
            line += 1
        }
        return (lines.count, false)
    }

    private func isClosed(after line: Int, _ opener: MarkdownShape.Fence) -> Bool {
        guard let fence = shapes[nextFence[line]] else { return false }
        return fence.closes(opener)
    }
}
