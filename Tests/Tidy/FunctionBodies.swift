/// Finds the functions of a source and how long they are.
enum FunctionBodies {
    struct Function: Equatable {
        /// From the line of its name to that of its closing brace, counted from 1.
        let lines: ClosedRange<Int>
    }

    private struct Word {
        let text: Substring
        let line: Int
    }

    /// Words after which no body follows for the function before: a requirement of a protocol has none.
    private static let declarations: Set<Substring> = [
        "func", "var", "let", "init", "subscript", "associatedtype", "typealias", "struct", "enum", "class", "protocol",
        "extension",
    ]

    static func find(in text: SwiftText) -> [Function] {
        let words = split(text)
        var functions: [Function] = []
        for index in words.indices where isFunction(words, index) {
            guard let open = bodyStart(words, after: index), let close = matching(words, open) else { continue }
            functions.append(Function(lines: words[index].line...words[close].line))
        }
        return functions
    }

    /// Names and the punctuation that nests, each with its line.
    private static func split(_ text: SwiftText) -> [Word] {
        var words: [Word] = []
        for (number, line) in zip(1..., text.lines) {
            var index = line.code.startIndex
            while index < line.code.endIndex {
                let word = line.code[index...].prefix { TextRules.isWordPart($0) }
                if !word.isEmpty {
                    words.append(Word(text: word, line: number))
                    index = word.endIndex
                    continue
                }
                let next = line.code.index(after: index)
                if "{}()[].".contains(line.code[index]) { words.append(Word(text: line.code[index..<next], line: number)) }
                index = next
            }
        }
        return words
    }

    private static func isFunction(_ words: [Word], _ index: Int) -> Bool {
        switch words[index].text {
        case "func", "deinit": true
        case "init", "subscript":
            // Not a call: `.init(…)`, `self.init(…)`.
            (index == 0 || words[index - 1].text != ".") && index + 1 < words.count && words[index + 1].text == "("
        default: false
        }
    }

    private static func bodyStart(_ words: [Word], after index: Int) -> Int? {
        var depth = 0
        for position in words.indices[(index + 1)...] {
            switch words[position].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return position
            case "}" where depth <= 0: return nil
            case let word where depth == 0 && declarations.contains(word): return nil
            default: break
            }
        }
        return nil
    }

    private static func matching(_ words: [Word], _ open: Int) -> Int? {
        var depth = 0
        for position in words.indices[open...] {
            if words[position].text == "{" { depth += 1 }
            if words[position].text == "}" { depth -= 1 }
            if depth == 0 { return position }
        }
        return nil
    }
}
