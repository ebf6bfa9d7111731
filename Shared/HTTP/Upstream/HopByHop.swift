/// Which fields belong to one connection and are not passed on (RFC 9110 §7.6.1).
enum HopByHop {
    /// Drops what does not go on: the fields of the connection, those that `Connection` names, and those that whoever writes
    /// the message sets itself.
    static func strip(_ headers: inout Headers) {
        let listed = listedNames(headers)
        let view = Headers(bytes: headers.bytes, fields: [])
        var fields = headers.fields
        // Leaves `fields` the only owner of its storage: nothing is copied.
        headers = Headers()
        fields.removeAll { !keeps($0, of: view, listed) }
        headers = Headers(bytes: view.bytes, fields: fields)
    }

    /// Whether a field goes on.
    /// - Parameter listed: what `Connection` names; it speaks of fields that came with it, not of those that were added here.
    static func keeps(_ field: Headers.Field, of headers: Headers, _ listed: [ArraySlice<UInt8>]) -> Bool {
        let isDropped =
            switch field.nameEnd - field.nameStart {
            case 2: headers.matches(field, "te")
            // This end does not wait for 100 (Continue).
            case 6: headers.matches(field, "expect")
            case 7: headers.matches(field, "upgrade") || headers.matches(field, "trailer")
            case 10: headers.matches(field, "connection") || headers.matches(field, "keep-alive")
            case 14: headers.matches(field, "content-length") || headers.matches(field, "http2-settings")
            case 16: headers.matches(field, "proxy-connection")
            case 17: headers.matches(field, "transfer-encoding")
            case 18: headers.matches(field, "proxy-authenticate")
            case 19: headers.matches(field, "proxy-authorization")
            case 25: headers.matches(field, "proxy-authentication-info")
            default: false
            }
        if isDropped { return false }
        return listed.isEmpty || field.isAdded || !listed.contains { Headers.equalIgnoringCase($0, headers.bytes[field.name]) }
    }

    /// What the `Connection` fields name, other than `close` and `keep-alive`.
    static func listedNames(_ headers: Headers) -> [ArraySlice<UInt8>] {
        var names: [ArraySlice<UInt8>] = []
        for field in headers.fields where headers.matches(field, "connection") {
            // Almost always one of these two.
            if field.value.count == 10 || field.value.count == 5 {
                let value = headers.bytes[field.value]
                if Headers.equalIgnoringCase(value, keepAlive[...]) || Headers.equalIgnoringCase(value, close[...]) { continue }
            }
            for part in headers.bytes[field.value].split(separator: UInt8(ascii: ",")) {
                let name = Headers.trimmed(part)
                if !name.isEmpty { names.append(name) }
            }
        }
        return names
    }

    private static let keepAlive = Array("keep-alive".utf8)
    private static let close = Array("close".utf8)
}

extension Headers.Field {
    /// It was added, not received: nothing stands between its name and its value, where a received one has its colon.
    var isAdded: Bool { valueStart == nameEnd }
}
