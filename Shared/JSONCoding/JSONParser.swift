/// The grammar of RFC 8259, strictly: no comments, no trailing commas, no lone surrogates, nothing after the value. A byte
/// order mark at the beginning is passed over (§8.1 allows that).
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var tokens: [JSONToken] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func parse() throws(JSONError) {
        // Positions are kept in 32 bits; body limits are far below that.
        guard bytes.count < Int(Int32.max) else { throw JSONError(field: nil, "larger than 2 GiB") }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        skipSpace()
        guard position < bytes.count else { throw JSONError(field: nil, "required") }
        tokens.reserveCapacity(min(bytes.count / 8 + 4, 4096))
        try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw .malformed(at: position) }
    }

    private mutating func value(depth: Int) throws(JSONError) {
        guard position < bytes.count else { throw .malformed(at: position) }
        switch bytes[position] {
        case UInt8(ascii: "{"): try object(depth: depth + 1)
        case UInt8(ascii: "["): try array(depth: depth + 1)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "-"), 48...57: try number()
        case UInt8(ascii: "t"): try word("true", .yes)
        case UInt8(ascii: "f"): try word("false", .no)
        case UInt8(ascii: "n"): try word("null", .null)
        default: throw .malformed(at: position)
        }
    }

    private mutating func object(depth: Int) throws(JSONError) {
        let token = try open(.object, depth: depth)
        var count: Int32 = 0
        if peek() == UInt8(ascii: "}") {
            position += 1
        } else {
            while true {
                guard peek() == UInt8(ascii: "\"") else { throw .malformed(at: position) }
                try string()
                skipSpace()
                guard peek() == UInt8(ascii: ":") else { throw .malformed(at: position) }
                position += 1
                skipSpace()
                try value(depth: depth)
                count += 1
                if try endOfItem(closing: UInt8(ascii: "}")) { break }
            }
        }
        close(token, count)
    }

    private mutating func array(depth: Int) throws(JSONError) {
        let token = try open(.array, depth: depth)
        var count: Int32 = 0
        if peek() == UInt8(ascii: "]") {
            position += 1
        } else {
            while true {
                try value(depth: depth)
                count += 1
                if try endOfItem(closing: UInt8(ascii: "]")) { break }
            }
        }
        close(token, count)
    }

    private mutating func open(_ kind: JSONToken.Kind, depth: Int) throws(JSONError) -> Int {
        guard depth <= JSON.nestingMax else { throw JSONError(field: nil, "nested deeper than \(JSON.nestingMax)") }
        tokens.append(JSONToken(kind: kind, isIntricate: false, start: Int32(position), end: 0, next: 0, limit: 0))
        position += 1
        skipSpace()
        return tokens.count - 1
    }

    private mutating func close(_ token: Int, _ count: Int32) {
        tokens[token].end = count
        tokens[token].next = Int32(tokens.count)
        tokens[token].limit = Int32(position)
    }

    /// Steps over the comma (false) or the closing bracket (true) after an item.
    private mutating func endOfItem(closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        let byte = peek()
        guard byte == closing || byte == UInt8(ascii: ",") else { throw .malformed(at: position) }
        position += 1
        if byte == closing { return true }
        skipSpace()
        return false
    }

    private mutating func string() throws(JSONError) {
        position += 1
        let start = position
        var isIntricate = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                append(.string, start, isIntricate: isIntricate)
                position += 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                isIntricate = true
                try escape()
            } else if byte < 0x20 {
                throw .malformed(at: position)
            } else {
                position += 1
            }
        }
        throw .malformed(at: position)
    }

    private mutating func escape() throws(JSONError) {
        guard position + 1 < bytes.count else { throw .malformed(at: position) }
        if bytes[position + 1] != UInt8(ascii: "u") {
            guard JSONEscapes.simple(bytes[position + 1]) != nil else { throw .malformed(at: position) }
            position += 2
            return
        }
        guard let unit = JSONEscapes.unit(bytes, at: position + 2) else { throw .malformed(at: position) }
        if unit & 0xF800 != 0xD800 {
            position += 6
            return
        }
        // Half of a pair stands for no character: it is refused rather than replaced (RFC 7493 §2.1).
        guard unit & 0xFC00 == 0xD800, position + 7 < bytes.count, bytes[position + 6] == UInt8(ascii: "\\"),
            bytes[position + 7] == UInt8(ascii: "u"), let low = JSONEscapes.unit(bytes, at: position + 8), low & 0xFC00 == 0xDC00
        else { throw .malformed(at: position) }
        position += 12
    }

    private mutating func number() throws(JSONError) {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        if peek() == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        var isIntricate = false
        if peek() == UInt8(ascii: ".") {
            isIntricate = true
            position += 1
            try digits()
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            isIntricate = true
            position += 1
            if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        append(.number, start, isIntricate: isIntricate)
    }

    /// One digit or more.
    private mutating func digits() throws(JSONError) {
        let start = position
        while position < bytes.count, bytes[position] &- 48 < 10 { position += 1 }
        guard position > start else { throw .malformed(at: position) }
    }

    private mutating func word(_ word: StaticString, _ kind: JSONToken.Kind) throws(JSONError) {
        let start = position
        for offset in 0..<word.utf8CodeUnitCount {
            // unsafe: within the bounds of the word, whose bytes are immortal
            guard position < bytes.count, bytes[position] == word.utf8Start[offset] else { throw .malformed(at: position) }
            position += 1
        }
        append(kind, start)
    }

    private mutating func append(_ kind: JSONToken.Kind, _ start: Int, isIntricate: Bool = false) {
        tokens.append(
            JSONToken(
                kind: kind, isIntricate: isIntricate, start: Int32(start), end: Int32(position), next: Int32(tokens.count + 1),
                limit: Int32(position) + (kind == .string ? 1 : 0)))
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 32, 9, 10, 13: position += 1
            default: return
            }
        }
    }
}
