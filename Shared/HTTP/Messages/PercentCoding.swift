/// Percent-encoding (RFC 3986 §2.1), strict: an escape that is not two hexadecimal digits is an error, and so is what is not
/// UTF-8.
public enum PercentCoding {
    /// The bytes that `bytes` stand for, or nil when an escape is malformed.
    /// - Parameter plusIsSpace: `+` stands for a space, as in queries and forms.
    public static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, let high = Hexadecimal.value(of: bytes[index + 1]),
                    let low = Hexadecimal.value(of: bytes[index + 2])
                else {
                    return nil
                }
                plain.append(high << 4 | low)
                index += 3
            } else {
                plain.append(plusIsSpace && byte == UInt8(ascii: "+") ? 32 : byte)
                index += 1
            }
        }
        return plain
    }

    /// The text that `bytes` stand for, or nil when an escape is malformed or the text is not UTF-8.
    public static func string(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> String? {
        guard let plain = decoded(bytes, plusIsSpace: plusIsSpace), UTF8Check.firstInvalid(in: plain[...]) == nil else {
            return nil
        }
        return String(decoding: plain, as: UTF8.self)
    }

    /// `text` with every byte but RFC 3986's unreserved ones escaped: safe as a path segment, a query name or a query value.
    public static func encoded(_ text: String) -> String { encoded(text) { isUnreserved($0) } }

    /// `text` with every byte escaped that `keeps` does not keep.
    public static func encoded(_ text: String, keeping keeps: (UInt8) -> Bool) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if keeps(byte) {
                escaped.append(byte)
            } else {
                escaped.append(UInt8(ascii: "%"))
                escaped.append(upperHex[Int(byte >> 4)])
                escaped.append(upperHex[Int(byte & 15)])
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    /// RFC 3986 §2.3.
    public static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    static let upperHex = Array("0123456789ABCDEF".utf8)
}
