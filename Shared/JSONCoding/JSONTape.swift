/// One value or key of a parsed text.
struct JSONToken {
    enum Kind: UInt8 {
        case null, yes, no, number, string, array, object
    }

    let kind: Kind
    /// A string with escapes, or a number with a fraction or an exponent: it cannot be taken as it stands.
    let isIntricate: Bool
    /// Where a scalar's bytes begin: of a string, those between the quotes.
    let start: Int32
    /// Where a scalar's bytes end; of a container, how many items or members it has.
    var end: Int32
    /// The token after this one and all inside it.
    var next: Int32
    /// Where the whole value's bytes end, with its quotes or brackets.
    var limit: Int32
}

/// A parsed text: its bytes, and its values in the order in which they begin. An object's members are a key and a value in turn.
final class JSONTape {
    let bytes: [UInt8]
    let tokens: [JSONToken]

    /// Parses and validates the whole text.
    /// - Throws: `JSONError`.
    init(_ bytes: [UInt8]) throws(JSONError) {
        if let position = UTF8Check.firstInvalid(in: bytes[...]) {
            throw JSONError(field: nil, "not UTF-8 at byte \(position)")
        }
        var parser = JSONParser(bytes)
        try parser.parse()
        self.bytes = bytes
        tokens = parser.tokens
    }

    /// The way from the root to a token.
    func path(to target: Int) -> [JSONPathPart] {
        var path: [JSONPathPart] = []
        var container = 0
        while container != target {
            let isObject = tokens[container].kind == .object
            var child = container + 1
            var position = 0
            var name = 0
            while child < tokens.count {
                if isObject {
                    name = child
                    child += 1
                }
                if target < Int(tokens[child].next) { break }
                child = Int(tokens[child].next)
                position += 1
            }
            guard child <= target, child < tokens.count else { break }
            path.append(isObject ? .member(text(name)) : .item(position))
            container = child
        }
        return path
    }

    /// A whole value as it stands in the text.
    func source(_ token: Int) -> ArraySlice<UInt8> {
        let start = Int(tokens[token].start) - (tokens[token].kind == .string ? 1 : 0)
        return bytes[start..<Int(tokens[token].limit)]
    }

    /// The string of a string token.
    func text(_ token: Int) -> String {
        let range = Int(tokens[token].start)..<Int(tokens[token].end)
        guard tokens[token].isIntricate else { return String(decoding: bytes[range], as: UTF8.self) }
        return String(decoding: JSONEscapes.decoded(bytes[range]), as: UTF8.self)
    }
}
