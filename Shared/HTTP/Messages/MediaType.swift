/// A media type with its parameters (RFC 9110 §8.3.1): `multipart/form-data; boundary="x"`.
public struct MediaType: Sendable, Hashable {
    /// In lower case: `application`.
    public let type: String
    /// In lower case: `json`.
    public let subtype: String
    /// Names in lower case, values as they came, unquoted.
    public let parameters: [Parameter]

    public struct Parameter: Sendable, Hashable {
        public let name: String
        public let value: String
    }

    /// `application/json`, without parameters.
    public var essence: String { "\(type)/\(subtype)" }

    /// The value of a parameter (its name in lower case), or nil.
    public subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// - Returns: nil when `text` is not a media type.
    public init?(_ text: String) {
        var reader = FieldReader(Array(text.utf8)[...])
        guard let type = reader.token(), reader.take(UInt8(ascii: "/")), let subtype = reader.token(),
            let parameters = reader.parameters(), reader.isAtEnd
        else { return nil }
        self.type = type.lowercased()
        self.subtype = subtype.lowercased()
        self.parameters = parameters
    }
}

/// Reads the words of a field's value (RFC 9110 §5.6).
struct FieldReader {
    private let bytes: ArraySlice<UInt8>
    private var index: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    var isAtEnd: Bool { index == bytes.endIndex }

    mutating func skipSpace() { while !isAtEnd, bytes[index] == 32 || bytes[index] == 9 { index += 1 } }

    mutating func take(_ byte: UInt8) -> Bool {
        guard !isAtEnd, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// A token (§5.6.2), or nil when there is none here.
    mutating func token() -> String? {
        let start = index
        while !isAtEnd, FieldReader.isToken(bytes[index]) { index += 1 }
        return index == start ? nil : String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A token or a quoted string (§5.6.4), unquoted.
    mutating func word() -> String? {
        guard take(UInt8(ascii: "\"")) else { return token() }
        var plain: [UInt8] = []
        while !isAtEnd {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: plain, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard !isAtEnd else { return nil }
                plain.append(bytes[index])
                index += 1
            } else {
                plain.append(byte)
            }
        }
        return nil
    }

    /// `; name=value` until something else comes; nil when one is malformed. Empty ones are let pass.
    mutating func parameters() -> [MediaType.Parameter]? {
        var parameters: [MediaType.Parameter] = []
        skipSpace()
        while take(UInt8(ascii: ";")) {
            skipSpace()
            guard let name = token() else { continue }
            guard take(UInt8(ascii: "=")), let value = word() else { return nil }
            parameters.append(MediaType.Parameter(name: name.lowercased(), value: value))
            skipSpace()
        }
        return parameters
    }

    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
