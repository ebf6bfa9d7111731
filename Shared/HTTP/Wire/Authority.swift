/// What a `Host` field and an absolute-form target name: `uri-host [":" port]` (RFC 9110 §7.2, RFC 3986 §3.2).
enum Authority {
    private static let portMax = 65_535

    /// Whether the range is one, or empty: that is the `Host` of a target without an authority (RFC 9112 §3.2).
    ///
    /// Stricter than RFC 3986 in one thing: a comma, which a registered name could have, is how others write two hosts.
    static func isValid(_ range: Range<Int>, _ bytes: RawSpan) -> Bool {
        var index = range.lowerBound
        if index == range.upperBound { return true }
        if bytes[index] == UInt8(ascii: "[") {
            guard let end = addressEnd(range, bytes) else { return false }
            index = end
        } else {
            while index < range.upperBound, bytes[index] != UInt8(ascii: ":") {
                guard isName(bytes[index]) else { return false }
                if bytes[index] == UInt8(ascii: "%") {
                    guard index + 2 < range.upperBound, Characters.hexadecimal(bytes[index + 1]) != nil,
                        Characters.hexadecimal(bytes[index + 2]) != nil
                    else { return false }
                    index += 2
                }
                index += 1
            }
            if index == range.lowerBound { return false }
        }
        return index == range.upperBound
            || (bytes[index] == UInt8(ascii: ":") && isPort((index + 1)..<range.upperBound, bytes))
    }

    /// Past the bracket that closes an IPv6 address. Its digits are not counted: nothing here connects to it.
    private static func addressEnd(_ range: Range<Int>, _ bytes: RawSpan) -> Int? {
        var index = range.lowerBound + 1
        var colons = 0
        while index < range.upperBound, bytes[index] != UInt8(ascii: "]") {
            guard
                Characters.hexadecimal(bytes[index]) != nil || bytes[index] == UInt8(ascii: ":")
                    || bytes[index] == UInt8(ascii: ".")
            else { return nil }
            if bytes[index] == UInt8(ascii: ":") { colons += 1 }
            index += 1
        }
        return index < range.upperBound && colons >= 2 ? index + 1 : nil
    }

    private static func isName(_ byte: UInt8) -> Bool {
        Characters.isHost(byte) && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "[") && byte != UInt8(ascii: "]")
    }

    /// Digits, or nothing.
    private static func isPort(_ range: Range<Int>, _ bytes: RawSpan) -> Bool {
        var port = 0
        for offset in range {
            guard Characters.isDigit(bytes[offset]) else { return false }
            port = port * 10 + Int(bytes[offset] - 48)
            guard port <= portMax else { return false }
        }
        return true
    }
}
