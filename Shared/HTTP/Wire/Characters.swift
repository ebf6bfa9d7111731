extension RawSpan {
    /// The byte at `offset`; traps outside the span.
    // `unsafeLoad` is about types, not bounds: it checks those, and every bit pattern is a UInt8.
    @inline(__always) subscript(offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    /// A copy of a range.
    func array(_ range: Range<Int>) -> [UInt8] {
        // The pointer is used within the closure only.
        extracting(range).withUnsafeBytes { [UInt8]($0) }
    }

    func text(_ range: Range<Int>) -> String { String(decoding: array(range), as: UTF8.self) }

    /// Whether the range is `word` (lower case), in any case.
    @inline(__always) func equals(_ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        let wanted = word.utf8Start
        for offset in 0..<range.count where Headers.lower(self[range.lowerBound + offset]) != wanted[offset] { return false }
        return true
    }

    /// The range without spaces and tabs at its ends (OWS, RFC 9110 §5.6.3).
    @inline(__always) func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, Characters.isBlank(self[start]) { start += 1 }
        while end > start, Characters.isBlank(self[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Where `byte` is first found in the range, or nil.
    @inline(__always) func first(_ byte: UInt8, in range: Range<Int>) -> Int? {
        for offset in range where self[offset] == byte { return offset }
        return nil
    }
}

/// The character classes of RFC 9110 §5 and RFC 9112, each one bit in a mask.
enum Characters {
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")

    // Bit n of a mask is character n, or n + 64. Literals, so that they are constants: a global that is computed is checked
    // for at every use.
    private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
    private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE
    private static let hostLow: UInt64 = 0x2FFF_7FF2_0000_0000
    private static let hostHigh: UInt64 = 0x47FF_FFFE_AFFF_FFFE

    @inline(__always) static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    /// `tchar` (RFC 9110 §5.6.2).
    @inline(__always) static func isToken(_ byte: UInt8) -> Bool { isIn(byte, tokenLow, tokenHigh) }

    /// What a host and port are made of (RFC 3986 §3.2.2), IPv6 brackets included.
    static func isHost(_ byte: UInt8) -> Bool { isIn(byte, hostLow, hostHigh) }

    /// `field-vchar`, space and tab (RFC 9110 §5.5): no control character.
    @inline(__always) static func isFieldValue(_ byte: UInt8) -> Bool { (byte >= 32 && byte != 127) || byte == 9 }

    /// Visible ASCII without `#`: a request target holds no fragment (RFC 9112 §3.2).
    @inline(__always) static func isTarget(_ byte: UInt8) -> Bool { byte > 32 && byte < 127 && byte != UInt8(ascii: "#") }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

    static func hexadecimal(_ byte: UInt8) -> Int? {
        if isDigit(byte) { return Int(byte - 48) }
        let letter = byte | 0x20
        return letter &- 97 < 6 ? Int(letter - 87) : nil
    }

    @inline(__always) private static func isIn(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        if byte >= 128 { return false }
        return (byte < 64 ? low >> UInt64(byte) : high >> UInt64(byte & 63)) & 1 == 1
    }
}
