extension JSONTape {
    /// Reads the value at `token`.
    func decode<Value: Decodable>(_ type: Value.Type, at token: Int) throws -> Value {
        // Scalars go straight to the bytes; everything else asks a decoder. `as!` restates what the comparison has just found.
        if type == String.self { return try string(at: token) as! Value }
        if type == Int.self { return try integer(Int.self, at: token) as! Value }
        if type == Bool.self { return try bool(at: token) as! Value }
        if type == Double.self { return try double(at: token) as! Value }
        if type == Int64.self { return try integer(Int64.self, at: token) as! Value }
        if type == RawJSON.self { return RawJSON(unchecked: Array(source(token))) as! Value }
        if let scalar = try rareScalar(type, at: token) { return scalar as! Value }
        do {
            return try Value(from: JSONTapeDecoder(tape: self, token: token))
        } catch let error as DecodingError {
            // A word that an enum does not know: the answer lists those that it does.
            if case .dataCorrupted = error, tokens[token].kind == .string, let words = JSONTape.words(of: type) {
                throw JSONFailure(token, .notOneOf(words))
            }
            throw error
        }
    }

    private func rareScalar<Value>(_ type: Value.Type, at token: Int) throws -> Any? {
        if type == UInt64.self { return try integer(UInt64.self, at: token) }
        if type == UInt.self { return try integer(UInt.self, at: token) }
        if type == Int32.self { return try integer(Int32.self, at: token) }
        if type == UInt32.self { return try integer(UInt32.self, at: token) }
        if type == Int16.self { return try integer(Int16.self, at: token) }
        if type == UInt16.self { return try integer(UInt16.self, at: token) }
        if type == Int8.self { return try integer(Int8.self, at: token) }
        if type == UInt8.self { return try integer(UInt8.self, at: token) }
        if type == Int128.self { return try integer(Int128.self, at: token) }
        if type == UInt128.self { return try integer(UInt128.self, at: token) }
        if type == Float.self {
            let value = Float(try double(at: token))
            guard value.isFinite else { throw JSONFailure(token, .expected("a number in range")) }
            return value
        }
        return nil
    }

    private static func words(of type: Any.Type) -> [String]? {
        guard let enumeration = type as? any (CaseIterable & RawRepresentable).Type else { return nil }
        let words = rawValues(of: enumeration)
        return words.isEmpty ? nil : words
    }

    private static func rawValues<Enumeration: CaseIterable & RawRepresentable>(of type: Enumeration.Type) -> [String] {
        Enumeration.allCases.compactMap { $0.rawValue as? String }
    }

    func isNull(_ token: Int) -> Bool { tokens[token].kind == .null }

    func string(at token: Int) throws -> String {
        guard tokens[token].kind == .string else { throw mismatch(token, "a string") }
        return text(token)
    }

    func bool(at token: Int) throws -> Bool {
        switch tokens[token].kind {
        case .yes: return true
        case .no: return false
        default: throw mismatch(token, "a boolean")
        }
    }

    func double(at token: Int) throws -> Double {
        guard tokens[token].kind == .number else { throw mismatch(token, "a number") }
        guard let value = number(at: token), value.isFinite else { throw JSONFailure(token, .expected("a number in range")) }
        return value
    }

    func integer<Integer: FixedWidthInteger>(_ type: Integer.Type, at token: Int) throws -> Integer {
        guard tokens[token].kind == .number else { throw mismatch(token, "an integer") }
        if tokens[token].isIntricate {
            // `3.0` and `3e2` are integers too (JSON Schema says the same); past 2^53 a Double no longer tells them apart.
            guard let value = number(at: token), value == value.rounded() else {
                throw JSONFailure(token, .expected("an integer"))
            }
            guard abs(value) <= 9_007_199_254_740_992, let whole = Integer(exactly: value) else { throw outOfRange(type, token) }
            return whole
        }
        var index = Int(tokens[token].start)
        let end = Int(tokens[token].end)
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        var value: Integer = 0
        while index < end {
            let (scaled, overflowed) = value.multipliedReportingOverflow(by: 10)
            let digit = Integer(truncatingIfNeeded: bytes[index] - 48)
            let (sum, overflowedToo) =
                isNegative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
            guard !overflowed, !overflowedToo else { throw outOfRange(type, token) }
            value = sum
            index += 1
        }
        return value
    }

    private func number(at token: Int) -> Double? {
        let range = Int(tokens[token].start)..<Int(tokens[token].end)
        return Double(String(decoding: bytes[range], as: UTF8.self))
    }

    private func outOfRange<Integer: FixedWidthInteger>(_ type: Integer.Type, _ token: Int) -> JSONFailure {
        JSONFailure(token, .outOfRange("an integer between \(Integer.min) and \(Integer.max)"))
    }

    /// The value is of another kind than `expected`.
    func mismatch(_ token: Int, _ expected: StaticString) -> JSONFailure {
        switch tokens[token].kind {
        case .null: return JSONFailure(token, .null)
        case .number:
            // A type that takes any value asks for a string last: the number was only too large.
            if let value = number(at: token), value.isFinite { break }
            return JSONFailure(token, .expected("a number in range"))
        default: break
        }
        return JSONFailure(token, .expected(expected))
    }

    /// The way to a token as coding keys.
    func codingPath(to token: Int) -> [any CodingKey] {
        path(to: token).map { part in
            switch part {
            case .member(let name): JSONKey(name)
            case .item(let index): JSONKey(index)
            }
        }
    }
}

/// A coding key made at run time.
struct JSONKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ name: String) {
        stringValue = name
        intValue = nil
    }

    init(_ index: Int) {
        stringValue = String(index)
        intValue = index
    }

    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(intValue) }
}
