/// Writes a response's head. The fields that belong to the connection are its own, whatever the handler has put among its
/// headers.
enum HeadWriter {
    /// What the head says of the content.
    enum Content {
        /// No field: the status has no content, or it ends with the connection.
        case unsaid
        case length(Int)
        case chunked
    }

    /// What the head says of the connection.
    enum Persistence {
        case implied, keepAlive, close
    }

    static func write(
        _ response: Response, content: Content, persistence: Persistence, date: [UInt8], into output: inout [UInt8]
    ) {
        let headers = response.headers
        output.reserveCapacity(output.count + headers.bytes.count + 4 * headers.fields.count + 192)
        append("HTTP/1.1 ", to: &output)
        append(Int(response.status.code), to: &output)
        output.append(Characters.space)
        append(response.status.reason, to: &output)
        append("\r\n", to: &output)
        let (hasDate, hasUpgrade) = appendFields(headers, to: &output)
        if !hasDate { output.append(contentsOf: date) }
        response.observer?.appendFields(to: &output)
        switch content {
        case .unsaid: break
        case .length(let length):
            append("Content-Length: ", to: &output)
            append(length, to: &output)
            append("\r\n", to: &output)
        case .chunked: append("Transfer-Encoding: chunked\r\n", to: &output)
        }
        switch persistence {
        case .implied: break
        case .keepAlive: append("Connection: keep-alive\r\n", to: &output)
        case .close: append("Connection: close\r\n", to: &output)
        }
        // RFC 9110 §7.8: it belongs to the connection, and says so.
        if hasUpgrade { append("Connection: Upgrade\r\n", to: &output) }
        append("\r\n", to: &output)
    }

    /// A head without an answer: an interim response (RFC 9110 §15.2).
    static func writeInterim(_ status: Status, _ headers: Headers, into output: inout [UInt8]) {
        append("HTTP/1.1 ", to: &output)
        append(Int(status.code), to: &output)
        output.append(Characters.space)
        append(status.reason, to: &output)
        append("\r\n", to: &output)
        _ = appendFields(headers, to: &output)
        append("\r\n", to: &output)
    }

    /// Appends the handler's fields, and tells whether a date and an upgrade are among them.
    private static func appendFields(_ headers: Headers, to output: inout [UInt8]) -> (hasDate: Bool, hasUpgrade: Bool) {
        let start = output.count
        var hasDate = false
        var hasUpgrade = false
        var lines = 0
        for field in headers.fields {
            switch headers.role(of: field) {
            case .connection: continue
            case .date: hasDate = true
            case .upgrade: hasUpgrade = true
            case .other: break
            }
            output.append(contentsOf: headers.bytes[field.name])
            append(": ", to: &output)
            output.append(contentsOf: headers.bytes[field.value])
            append("\r\n", to: &output)
            lines += 1
        }
        if breaks(in: output, from: start) != 2 * lines { rewriteFields(headers, from: start, &output) }
        return (hasDate, hasUpgrade)
    }

    /// How many bytes may stand in no value: CR, LF and NUL could end a line for some reader. One pass, for every response.
    private static func breaks(in output: [UInt8], from start: Int) -> Int {
        // The pointer is used within the closure only.
        output.withUnsafeBufferPointer { output in
            var count = 0
            for byte in output[start...] where !Characters.isFieldValue(byte) { count &+= 1 }
            return count
        }
    }

    /// No field splits a response, wherever it came from: what could is a space (RFC 9110 §5.5).
    private static func rewriteFields(_ headers: Headers, from start: Int, _ output: inout [UInt8]) {
        output.removeSubrange(start...)
        for field in headers.fields where headers.role(of: field) != .connection {
            for byte in headers.bytes[field.name] { output.append(Characters.isToken(byte) ? byte : UInt8(ascii: "-")) }
            append(": ", to: &output)
            for byte in headers.bytes[field.value] { output.append(Characters.isFieldValue(byte) ? byte : Characters.space) }
            append("\r\n", to: &output)
        }
    }

    /// A chunk's size line (RFC 9112 §7.1).
    static func appendChunkSize(_ size: Int, to output: inout [UInt8]) {
        var shift = (Int.bitWidth - 1 - max(1, size).leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: size >> shift) & 15
            output.append(digit < 10 ? digit + 48 : digit + 87)
            shift -= 4
        }
        append("\r\n", to: &output)
    }

    static func append(_ word: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private static func append(_ number: Int, to output: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &output) }
        output.append(UInt8(number % 10) + 48)
    }
}

extension Headers {
    fileprivate enum Role { case connection, date, upgrade, other }

    fileprivate func role(of field: Field) -> Role {
        switch field.nameEnd - field.nameStart {
        case 4: matches(field, "date") ? .date : .other
        case 7: matches(field, "upgrade") ? .upgrade : .other
        case 10: matches(field, "connection") || matches(field, "keep-alive") ? .connection : .other
        case 14: matches(field, "content-length") ? .connection : .other
        case 17: matches(field, "transfer-encoding") ? .connection : .other
        default: .other
        }
    }
}
