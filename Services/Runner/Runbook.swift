/// The commands of a task: the fenced `sh` and `bash` blocks of its description, in order (CommonMark §4.5), and its check-list.
///
/// A block may stand in a list item: its fence may be indented by any amount, and that much is taken off its lines. A block
/// inside a longer fence of another language is an example, not a command.
public struct Runbook: Sendable, Equatable {
    public struct Block: Sendable, Equatable {
        public enum Shell: String, Sendable {
            case sh, bash
        }

        public var shell: Shell
        public var script: String

        /// What names the block to people: its first line that is not empty.
        public var firstLine: String {
            let line = script.split(separator: "\n").first { !$0.allSatisfy(\.isWhitespace) } ?? ""
            return String(line.drop(while: \.isWhitespace).prefix(Runbook.quotedCharactersMax))
        }
    }

    /// An item of a check-list.
    public struct Item: Sendable, Equatable {
        public var isDone: Bool
        public var text: String
    }

    static let quotedCharactersMax = 160

    public private(set) var blocks: [Block] = []
    public private(set) var items: [Item] = []

    /// Reads Markdown. Nothing in it is wrong: what is neither a block nor an item is passed over.
    public init(_ markdown: String) {
        var fence: Fence?
        var lines: [Substring] = []
        for line in markdown.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if let open = fence {
                if open.isClosed(by: line) {
                    add(open, lines)
                    fence = nil
                } else {
                    lines.append(open.unindented(line))
                }
            } else if let opened = Fence(line) {
                fence = opened
                lines = []
            } else if let item = Item(line) {
                items.append(item)
            }
        }
        // A fence that is never closed runs to the end.
        if let open = fence { add(open, lines) }
    }

    private mutating func add(_ fence: Fence, _ lines: [Substring]) {
        guard let shell = fence.shell, lines.contains(where: { !$0.allSatisfy(\.isWhitespace) }) else { return }
        blocks.append(Block(shell: shell, script: lines.joined(separator: "\n") + "\n"))
    }
}

/// The line that opens a fenced block.
private struct Fence {
    let mark: Character
    let length: Int
    let indent: Int
    let language: String

    init?(_ line: Substring) {
        let text = line.drop { $0 == " " || $0 == "\t" }
        guard let mark = text.first, mark == "`" || mark == "~" else { return nil }
        let info = text.drop { $0 == mark }
        length = text.count - info.count
        // Backticks after backticks are inline code, not a fence.
        guard length >= 3, mark == "~" || !info.contains("`") else { return nil }
        self.mark = mark
        indent = line.count - text.count
        language = info.split(whereSeparator: \.isWhitespace).first.map { $0.lowercased() } ?? ""
    }

    var shell: Runbook.Block.Shell? {
        switch language {
        case "sh", "shell": .sh
        case "bash": .bash
        default: nil
        }
    }

    func isClosed(by line: Substring) -> Bool {
        let text = line.drop { $0 == " " || $0 == "\t" }
        let rest = text.drop { $0 == mark }
        return text.count - rest.count >= length && rest.allSatisfy(\.isWhitespace)
    }

    func unindented(_ line: Substring) -> Substring {
        var line = line
        for _ in 0..<indent {
            guard line.first == " " || line.first == "\t" else { break }
            line.removeFirst()
        }
        return line
    }
}

extension Runbook.Item {
    /// `- [ ] text`, `* [x] text`, `1. [ ] text`.
    init?(_ line: Substring) {
        var text = line.drop(while: \.isWhitespace)
        if let bullet = text.first, bullet == "-" || bullet == "*" || bullet == "+" {
            text.removeFirst()
        } else {
            let rest = text.drop(while: \.isNumber)
            guard rest.count < text.count, rest.first == "." || rest.first == ")" else { return nil }
            text = rest.dropFirst()
        }
        guard text.first == " " else { return nil }
        text = text.drop { $0 == " " }
        guard text.count >= 4, text.first == "[", text.dropFirst(2).first == "]", text.dropFirst(3).first == " " else {
            return nil
        }
        switch text.dropFirst().first {
        case " ": isDone = false
        case "x", "X": isDone = true
        default: return nil
        }
        self.text = String(text.dropFirst(4).drop(while: \.isWhitespace))
    }
}
