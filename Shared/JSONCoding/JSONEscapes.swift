/// The escapes of JSON strings (RFC 8259 §7).
enum JSONEscapes {
    /// The four hexadecimal digits at `index`, or nil.
    static func unit(_ bytes: [UInt8], at index: Int) -> UInt32? {
        guard index + 4 <= bytes.count else { return nil }
        return unit(bytes[index..<(index + 4)])
    }

    private static func unit(_ digits: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for digit in digits {
            guard let part = Hexadecimal.value(of: digit) else { return nil }
            value = value << 4 | UInt32(part)
        }
        return value
    }

    /// What stands after a backslash, other than `u`.
    static func simple(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "f"): 12
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "t"): 9
        default: nil
        }
    }

    /// The UTF-8 of a string's content, whose escapes the parser has found to be well-formed.
    static func decoded(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(content.count)
        var index = content.startIndex
        while index < content.endIndex {
            let byte = content[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            let escape = content[index]
            index += 1
            if let simple = simple(escape) {
                plain.append(simple)
                continue
            }
            var scalar = unit(content[index..<(index + 4)]) ?? 0xFFFD
            index += 4
            if scalar & 0xFC00 == 0xD800 {
                let low = unit(content[(index + 2)..<(index + 6)]) ?? 0xDC00
                index += 6
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
            }
            plain.append(contentsOf: String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
        }
        return plain
    }
}
