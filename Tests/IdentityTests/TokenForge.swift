import Identity
import Models

/// Makes tokens, good and bad, by hand: header and payload as the test writes them.
enum TokenForge {
    static let now = Timestamp(milliseconds: 1_900_000_000_000)
    static let nowSeconds = 1_900_000_000
    static let key = [UInt8](repeating: 0x42, count: 32)
    static let signer = JWTSigner(key: key)
    static let goodHeader = #"{"alg":"HS256","typ":"JWT"}"#
    static let goodPayload =
        #"{"iss":"nexus","aud":"nexus","sub":"ada","workspace":"default","role":"admin","exp":1900000060,"iat":1900000000}"#

    /// `base64url(header) "." base64url(payload)`.
    static func signed(_ header: String, _ payload: String) -> String {
        "\(Base64URL.string(header.utf8)).\(Base64URL.string(payload.utf8))"
    }

    static func joined(_ signed: String, _ signature: [UInt8]) -> String { "\(signed).\(Base64URL.string(signature))" }

    /// A token whose signature is HMAC-SHA-256 with `key`, whatever its header says.
    static func hs256(
        header: String = goodHeader, payload: String = goodPayload, key: [UInt8] = key
    ) -> String {
        let signed = signed(header, payload)
        return joined(signed, Digest.hmacSHA256(Array(signed.utf8), key: key))
    }

    /// The good payload with one member changed, added, or (nil) left out.
    static func payload(_ name: String, _ value: String?) -> String {
        var members = [
            ("iss", #""nexus""#), ("aud", #""nexus""#), ("sub", #""ada""#), ("workspace", #""default""#), ("role", #""admin""#),
            ("exp", "1900000060"), ("iat", "1900000000"),
        ].filter { $0.0 != name }
        if let value { members.append((name, value)) }
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}

extension String {
    var slice: ArraySlice<UInt8> { ArraySlice(Array(utf8)) }
}
