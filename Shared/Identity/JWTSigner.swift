import FoundationEssentials
public import Models

/// Signs the suite's own tokens: HS256 with the suite's key.
public struct JWTSigner: Sendable {
    /// The issuer and the audience of the suite's own tokens.
    public static let suiteName = "nexus"
    /// `{"alg":"HS256","typ":"JWT"}`.
    private static let header = Base64URL.encode(#"{"alg":"HS256","typ":"JWT"}"#.utf8)

    private let key: [UInt8]

    /// - Parameter key: `SuiteKeys.jwt`.
    public init(key: [UInt8]) { self.key = key }

    /// The compact form of `claims` (RFC 7515 §3.1).
    public func sign(_ claims: Claims) throws(ServiceError) -> String {
        var text = JWTSigner.header + [UInt8(ascii: ".")]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            text += Base64URL.encode(
                try encoder.encode(claims.payload(issuer: JWTSigner.suiteName, audience: JWTSigner.suiteName)))
        } catch {
            throw .internal("claims cannot be encoded: \(error)")
        }
        let mac = Digest.hmacSHA256(text, key: key)
        text.append(UInt8(ascii: "."))
        text += Base64URL.encode(mac)
        return String(decoding: text, as: UTF8.self)
    }
}
