import HTTP
import Models

/// The id that a request carries through all services and logs: the client's own when it is sane, else a new one.
public enum RequestID {
    public static let bytesMax = 64

    public static func of(_ request: Request) -> String {
        if let given = request.headers.value("x-request-id"), (1...bytesMax).contains(given.count), given.allSatisfy(isPlain) {
            return String(decoding: given, as: UTF8.self)
        }
        return Identifier.make("req", at: WallClock.system.now())
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
