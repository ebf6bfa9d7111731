/// Checks UTF-8 that arrives in pieces, byte by byte as strictly as `UTF8Check`: the first byte that cannot go on a well-formed
/// text is found when it comes.
public struct UTF8Progress: Sendable {
    /// Bytes that the character under way still needs.
    private var missing = 0
    /// What the next of them may be: the second byte excludes overlong forms and surrogates (RFC 3629 §4).
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    public init() {}

    /// The text may end here.
    public var isBetweenCharacters: Bool { missing == 0 }

    /// Takes the next piece. False when it does not go on a well-formed text.
    public mutating func take(_ bytes: RawSpan) -> Bool {
        var offset = 0
        let count = bytes.byteCount
        while offset < count {
            if missing == 0 {
                // Most text is ASCII: eight bytes at once. The load checks its bounds, and any eight bytes are a number.
                while offset + 8 <= count {
                    let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    guard word & UTF8Progress.highBits == 0 else { break }
                    offset += 8
                }
                if offset == count { return true }
            }
            guard take(bytes[offset]) else { return false }
            offset += 1
        }
        return true
    }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    private mutating func take(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard byte >= lowest, byte <= highest else { return false }
            missing -= 1
            (lowest, highest) = (0x80, 0xBF)
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, lowest) = (2, 0xA0)
        case 0xED: (missing, highest) = (2, 0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, lowest) = (3, 0x90)
        case 0xF4: (missing, highest) = (3, 0x8F)
        case 0xF1...0xF3: missing = 3
        default: return false
        }
        return true
    }
}
