import HTTP
import Models

/// The id that a request carries through all services and logs: the client's own when it is sane, else a new one.
public enum RequestID {
    public static let header: StaticString = "x-request-id"
    public static let bytesMax = 64

    /// What the client calls its request: letters, digits, `-`, `_` and `.`, at most 64 of them. Nil for anything else.
    public static func given(by request: Request) -> ArraySlice<UInt8>? {
        guard let given = request.headers.value(header), (1...bytesMax).contains(given.count), given.allSatisfy(isPlain) else {
            return nil
        }
        return given
    }

    /// The id that a request came with, or was given by whoever passed it on; empty when it has none.
    static func known(_ request: Request) -> String { given(by: request).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// Appends a new id: `req_` and a ULID.
    static func append(to output: inout [UInt8], at time: Timestamp, using source: IDSource) {
        var source = source
        output.append(contentsOf: [114, 101, 113, 95])
        Identifier.appendULID(to: &output, at: time, using: &source)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
