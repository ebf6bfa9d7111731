import Models

extension FrontMatter {
    /// A text as it is written after `name: `: plain where that reads back the same, else in double quotes.
    static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.first != " " && text.last != " " && !text.hasPrefix("- ") && text != "-"
            && !"!&*-?|>@`\"'#%{}[],:".contains(text.first ?? "!")
            && !text.contains(": ") && !text.contains(" #") && text.last != ":"
            && text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && $0 != "," && $0 != "]" && $0 != "[" }
            && !["true", "false", "null", "yes", "no", "on", "off", "~"].contains(text.lowercased())
            && Double(text) == nil
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 32 || scalar.value == 127:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\x" + (hex.count == 1 ? "0" : "") + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// The text that one is written as: in double quotes with escapes, in single quotes with `''`, or plain, without its comment.
    static func scalarValue(_ written: String, _ line: Int) throws(ServiceError) -> String {
        var scalars = Array(written.unicodeScalars)[...]
        let value = try quotedOrPlain(&scalars, line) { _ in false }
        let rest = scalars.drop { $0 == " " || $0 == "\t" }
        guard rest.isEmpty || rest.first == "#" else { throw problem(line, "something follows the closing quote") }
        return value
    }

    /// `[a, "b", c]`, perhaps with a comment after it.
    static func flowList(_ written: String, _ line: Int) throws(ServiceError) -> [String] {
        var scalars = Array(written.unicodeScalars)[...].dropFirst()
        var items: [String] = []
        while true {
            scalars = scalars.drop { $0 == " " || $0 == "\t" }
            guard let next = scalars.first else { throw problem(line, "the list is not closed") }
            if next == "]" { break }
            guard next != "[", next != "{", next != "," else { throw problem(line, "a list holds texts only") }
            items.append(try quotedOrPlain(&scalars, line) { $0 == "," || $0 == "]" })
            scalars = scalars.drop { $0 == " " || $0 == "\t" }
            if scalars.first == "," {
                scalars.removeFirst()
            } else if scalars.first != "]" {
                throw problem(line, "the list is not closed")
            }
        }
        let rest = scalars.dropFirst().drop { $0 == " " || $0 == "\t" }
        guard rest.isEmpty || rest.first == "#" else { throw problem(line, "something follows the list") }
        return items
    }

    /// Takes one text from the front, up to where a plain one ends.
    private static func quotedOrPlain(
        _ scalars: inout ArraySlice<Unicode.Scalar>, _ line: Int, until isEnd: (Unicode.Scalar) -> Bool
    ) throws(ServiceError) -> String {
        guard let quote = scalars.first, quote == "\"" || quote == "'" else { return plain(&scalars, until: isEnd) }
        scalars.removeFirst()
        var text = String.UnicodeScalarView()
        while let scalar = scalars.popFirst() {
            if scalar == quote {
                guard quote == "'", scalars.first == "'" else { return String(text) }
                scalars.removeFirst()
                text.append("'")
            } else if scalar == "\\", quote == "\"" {
                text.append(try escape(&scalars, line))
            } else {
                text.append(scalar)
            }
        }
        throw problem(line, "the quote is not closed")
    }

    private static func plain(_ scalars: inout ArraySlice<Unicode.Scalar>, until isEnd: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = scalars.first, !isEnd(scalar) {
            if scalar == "#", text.last == " " || text.last == "\t" { break }
            text.append(scalar)
            scalars.removeFirst()
        }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }

    private static func escape(_ scalars: inout ArraySlice<Unicode.Scalar>, _ line: Int) throws(ServiceError) -> Unicode.Scalar {
        switch scalars.popFirst() {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "x": return try hexadecimal(2, &scalars, line)
        case "u": return try hexadecimal(4, &scalars, line)
        case "U": return try hexadecimal(8, &scalars, line)
        default: throw problem(line, "an escape that is not read here")
        }
    }

    private static func hexadecimal(
        _ count: Int, _ scalars: inout ArraySlice<Unicode.Scalar>, _ line: Int
    ) throws(ServiceError) -> Unicode.Scalar {
        let digits = scalars.prefix(count)
        scalars = scalars.dropFirst(count)
        guard digits.count == count, digits.allSatisfy({ $0.properties.isASCIIHexDigit }),
            let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16), let scalar = Unicode.Scalar(value)
        else { throw problem(line, "an escape that is not read here") }
        return scalar
    }
}
