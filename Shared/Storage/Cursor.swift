import Models

/// A position in an ordered list: the values of the order's columns in the last row of a page, and that row's id. As text it is
/// opaque: base64url of a version, the ordering's fingerprint, the values and a checksum.
struct Cursor: Equatable {
    private static let version: UInt8 = 1
    /// A cursor holds a few short values; what is longer was not made here.
    private static let textBytesMax = 4096

    let values: [SQLValue]

    init(_ values: [SQLValue]) { self.values = values }

    /// - Throws: `ServiceError` 400 for `cursor` when `text` is not a cursor of this ordering.
    init(_ text: String, ordering: String, count: Int) throws {
        guard text.utf8.count <= Cursor.textBytesMax, let bytes = Base64URL.decode(text),
            let values = Cursor.read(bytes, ordering),
            values.count == count
        else { throw ServiceError.invalid("cursor", "is not one of this list: leave it out to start from the beginning") }
        self.values = values
    }

    func text(ordering: String) -> String {
        var bytes: [UInt8] = [Cursor.version]
        Cursor.append(Cursor.hash(ordering.utf8), to: &bytes)
        for value in values {
            switch value {
            case .null: bytes.append(0)
            case .integer(let integer):
                bytes.append(1)
                Cursor.append(UInt64(bitPattern: integer), to: &bytes)
            case .real(let real):
                bytes.append(2)
                Cursor.append(real.bitPattern, to: &bytes)
            case .text(let text): Cursor.append(3, Array(text.utf8), to: &bytes)
            case .utf8(let text): Cursor.append(3, text, to: &bytes)
            case .bytes(let blob): Cursor.append(4, blob, to: &bytes)
            }
        }
        Cursor.append(Cursor.hash(bytes), to: &bytes)
        return Base64URL.encode(bytes)
    }

    private static func read(_ bytes: [UInt8], _ ordering: String) -> [SQLValue]? {
        guard bytes.count >= 17, bytes[0] == version else { return nil }
        let end = bytes.count - 8
        guard number(bytes[end...]) == hash(bytes[..<end]), number(bytes[1..<9]) == hash(ordering.utf8) else { return nil }
        var values: [SQLValue] = []
        var index = 9
        while index < end {
            let tag = bytes[index]
            index += 1
            if tag == 0 {
                values.append(.null)
                continue
            }
            guard index + 8 <= end else { return nil }
            let word = number(bytes[index..<index + 8])
            index += 8
            switch tag {
            case 1: values.append(.integer(Int64(bitPattern: word)))
            case 2: values.append(.real(Double(bitPattern: word)))
            case 3, 4:
                guard word <= UInt64(end - index) else { return nil }
                let content = bytes[index..<index + Int(word)]
                index += Int(word)
                values.append(tag == 3 ? .text(String(decoding: content, as: UTF8.self)) : .bytes(Array(content)))
            default: return nil
            }
        }
        return values
    }

    private static func append(_ tag: UInt8, _ content: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(tag)
        append(UInt64(content.count), to: &bytes)
        bytes += content
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    /// FNV-1a: tells a cursor from garbage. It protects nothing: a cursor only says where to start in what its bearer may read.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

/// RFC 4648 §5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                text.append(alphabet[Int(bits >> UInt32(held) & 63)])
            }
        }
        if held > 0 { text.append(alphabet[Int(bits << UInt32(6 - held) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil when `text` is anything else.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for character in text.utf8 {
            let value: UInt32
            switch character {
            case 65...90: value = UInt32(character - 65)
            case 97...122: value = UInt32(character - 71)
            case 48...57: value = UInt32(character) + 4
            case 45: value = 62
            case 95: value = 63
            default: return nil
            }
            bits = bits << 6 | value
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
        }
        return bytes
    }
}
