/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF.
public enum UTF8Check {
    /// The index of the first byte that is not part of well-formed UTF-8, or nil when all of it is.
    public static func firstInvalid(in bytes: ArraySlice<UInt8>) -> Int? {
        var index = bytes.startIndex
        let end = bytes.endIndex
        while index < end {
            index = afterASCII(in: bytes, from: index)
            guard index < end else { return nil }
            let lead = bytes[index]
            // The range of the second byte is what excludes overlong forms and surrogates (RFC 3629 §4).
            let trailing: Int
            let second: ClosedRange<UInt8>
            switch lead {
            case 0xC2...0xDF: (trailing, second) = (1, 0x80...0xBF)
            case 0xE0: (trailing, second) = (2, 0xA0...0xBF)
            case 0xE1...0xEC, 0xEE, 0xEF: (trailing, second) = (2, 0x80...0xBF)
            case 0xED: (trailing, second) = (2, 0x80...0x9F)
            case 0xF0: (trailing, second) = (3, 0x90...0xBF)
            case 0xF1...0xF3: (trailing, second) = (3, 0x80...0xBF)
            case 0xF4: (trailing, second) = (3, 0x80...0x8F)
            default: return index
            }
            guard index + trailing < end, second.contains(bytes[index + 1]) else { return index }
            for offset in 2..<(trailing + 1) where bytes[index + offset] & 0xC0 != 0x80 { return index }
            index += trailing + 1
        }
        return nil
    }

    /// The index of the first byte past `index` with the high bit set, or the end: most text is ASCII, eight bytes at a time.
    private static func afterASCII(in bytes: ArraySlice<UInt8>, from index: Int) -> Int {
        // unsafe: offsets stay below the buffer's count, and the buffer is not kept
        bytes.withUnsafeBytes { buffer in
            var offset = index - bytes.startIndex
            while offset + 8 <= buffer.count,
                buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                offset += 8
            }
            while offset < buffer.count, buffer[offset] < 0x80 { offset += 1 }
            return bytes.startIndex + offset
        }
    }
}
