import HTTP
import Models
import Service

/// What of a client's head a service gets to see, and what the gateway says in its own name (RFC 9110 §7.6).
enum ForwardedFields {
    /// How the gateway calls itself in `Via`.
    private static let viaNow = Array("1.1 nexus".utf8)
    private static let viaOld = Array("1.0 nexus".utf8)
    /// The suite's own fields begin so; whatever reads an underscore as a dash must not be told apart.
    private static let ownPrefix = Array("x-nexus-".utf8)

    /// The client's fields without its credential and without whatever could pass for the suite's own, with room for what is
    /// added to each.
    /// - Throws: 400 when `Connection` names a field that is not the client's to drop.
    static func of(_ request: Request) throws(ServiceError) -> Headers {
        let received = request.headers
        for field in received.fields where field.name.count == 10 && received.matches(field, "connection") {
            try check(received.bytes[field.value])
        }
        var headers = received.copied(roomForBytes: Proxy.addedBytesMax, fields: Proxy.addedFieldsMax) {
            !isDropped($0, received)
        }
        if request.method == .options { ServerOptions.count(&headers) }
        headers.add("via", request.minorVersion == 0 ? viaOld : viaNow)
        return headers
    }

    private static func isDropped(_ field: Headers.Field, _ headers: Headers) -> Bool {
        switch field.name.count {
        case 6: headers.matches(field, "cookie")
        // What the gateway says of the request replaces what the client said.
        case 11: headers.matches(field, "traceparent") || isOwn(headers.bytes[field.name])
        case 12: headers.matches(field, "x-request-id") || isOwn(headers.bytes[field.name])
        case 13: headers.matches(field, "authorization") || isOwn(headers.bytes[field.name])
        case 8...: isOwn(headers.bytes[field.name])
        default: false
        }
    }

    private static func check(_ value: ArraySlice<UInt8>) throws(ServiceError) {
        for word in value.split(separator: UInt8(ascii: ",")) where isOwn(word.drop { $0 == 32 || $0 == 9 }) {
            throw .invalid("connection", "names a field that is not the connection's")
        }
    }

    private static func isOwn(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count >= ownPrefix.count else { return false }
        return zip(name, ownPrefix).allSatisfy { byte, wanted in
            byte == wanted || (wanted == UInt8(ascii: "-") ? byte == UInt8(ascii: "_") : byte | 0x20 == wanted)
        }
    }
}
