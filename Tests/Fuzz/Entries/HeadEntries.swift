import Identity

@testable import HTTP

/// Fields: what is read of them, and what is written into them.
enum HeadEntries {
    private static let date = Array("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".utf8)

    /// Whatever a handler puts into its fields, one head comes out, with as many fields.
    static func head(_ bytes: [UInt8]) throws {
        var fields: [Headers.Field] = []
        var names = Headers()
        var start = 0
        for part in bytes.split(separator: 0xFF, maxSplits: 40, omittingEmptySubsequences: false) {
            let middle = part.firstIndex(of: 0xFE) ?? part.endIndex
            let value = middle == part.endIndex ? middle : middle + 1
            fields.append(Headers.Field(name: start..<middle, value: value..<part.endIndex))
            start = part.endIndex + 1
            names.add("x-\(fields.count)", String(decoding: part, as: UTF8.self))
        }
        try check(Headers(bytes: bytes, fields: fields.filter { !$0.name.isEmpty }), "raw")
        try check(names, "added")
    }

    private static func check(_ headers: Headers, _ what: String) throws {
        var sent: [UInt8] = []
        HeadWriter.write(Response(.ok, headers: headers), content: .length(0), persistence: .close, date: date, into: &sent)
        // A name that is no token is what no program writes; here it only must not end a line.
        let breaks = sent.filter { $0 == 13 || $0 == 10 || $0 == 0 }.count
        let lines = sent.split(separator: 10, omittingEmptySubsequences: false).count - 1
        try Finding.unless(breaks == 2 * lines && sent.suffix(4) == [13, 10, 13, 10], "\(what): split: \(sent)")
        try Finding.unless(sent.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound == sent.count, "\(what): ends early: \(sent)")
        guard headers.fields.allSatisfy({ headers.bytes[$0.name].allSatisfy { Characters.isToken($0) } }) else { return }
        guard headers.fields.count < HTTPLimits().fieldsMax, sent.count < HTTPLimits().headBytesMax else { return }
        var parser = ResponseParser(answering: .get)
        guard let head = try parser.parse(sent.span.bytes), head.byteCount == sent.count, head.framing == .length(0) else {
            throw Finding("\(what): is no head: \(sent)")
        }
    }

    /// Values of fields.
    static func field(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        if let tags = EntityTag.list(bytes[...]) {
            let again = tags.map(\.description).joined(separator: ", ")
            try Finding.unless(EntityTag.list(Array(again.utf8)[...]) == tags, "tags: \(tags)")
        }
        if let type = MediaType(text) { try Finding.unless(!type.essence.isEmpty, "a type without a name: \(type)") }
        if let seconds = HTTPDate.parse(text) {
            try Finding.unless(HTTPDate.parse(HTTPDate.text(seconds)) == seconds, "a date: \(seconds)")
        }
        if case .part(let range) = ByteRange(bytes[...], size: 1000) {
            try Finding.unless(range.lowerBound >= 0 && range.upperBound <= 1000 && !range.isEmpty, "a range: \(range)")
        }
        for disposition in [ContentDisposition.inline, .attachment] {
            let value = disposition.value(fileName: text)
            try Finding.unless(value.utf8.allSatisfy { (32..<127).contains($0) }, "a disposition: \(value)")
        }
        _ = Credential.from(authorization: bytes[...], apiKeyHeader: nil, cookie: nil)
        _ = Credential.from(authorization: nil, apiKeyHeader: nil, cookie: bytes[...])
        if let plain = PercentCoding.string(bytes[...]) {
            try Finding.unless(PercentCoding.string(Array(PercentCoding.encoded(plain).utf8)[...]) == plain, "escapes: \(plain)")
        }
    }
}
