/// How a browser shows a file (RFC 6266).
public enum ContentDisposition: String, Sendable {
    case inline, attachment

    /// The field's value for a file of any name: the name's last part, quoted as plain ASCII, and in full as RFC 8187 has it.
    public func value(fileName: String) -> String {
        let name = ContentDisposition.lastPart(of: fileName)
        let plain = String(decoding: name.unicodeScalars.map { ContentDisposition.plain($0) }, as: UTF8.self)
        let value = "\(rawValue); filename=\"\(plain)\""
        guard plain != name else { return value }
        return value + "; filename*=UTF-8''" + PercentCoding.encoded(name, keeping: ContentDisposition.isAttributeByte)
    }

    /// A file's name without folders and control characters; `file` when nothing is left. Both kinds of slash divide folders.
    public static func lastPart(of name: String) -> String {
        let last = name.unicodeScalars.split { $0 == "/" || $0 == "\\" }.last ?? Substring.UnicodeScalarView()
        let clean = String(String.UnicodeScalarView(last.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }))
        return clean.isEmpty || clean == "." || clean == ".." ? "file" : clean
    }

    private static func plain(_ scalar: Unicode.Scalar) -> UInt8 {
        // A percent sign is decoded by some clients, a quote or a backslash ends or escapes the quoted string.
        guard scalar.isASCII, scalar != "\"", scalar != "\\", scalar != "%" else { return UInt8(ascii: "_") }
        return UInt8(scalar.value)
    }

    /// RFC 8187 §3.2.1, `attr-char`.
    private static func isAttributeByte(_ byte: UInt8) -> Bool {
        FieldReader.isToken(byte) && byte != UInt8(ascii: "*") && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "%")
    }
}
