/// The credential that a request carries, not yet verified: what it looks like, and its bytes (a slice of the head, not copied).
public struct Credential: Sendable {
    public enum Kind: Sendable, Hashable, CaseIterable {
        case jwt
        case apiKey
        case agentToken
        case session
        /// Something was sent where a credential stands that can be none: 401, as a bad one.
        case malformed
    }

    public let kind: Kind
    /// The token alone, without `Bearer` or the cookie's name.
    public let token: ArraySlice<UInt8>

    /// No credential is longer; a longer one is malformed.
    public static let bytesMax = 8192
    /// The cookie of the dashboard's session.
    public static let sessionCookie: StaticString = "nexus_session"

    public init(_ kind: Kind, _ token: ArraySlice<UInt8>) {
        self.kind = token.isEmpty || token.count > Credential.bytesMax ? .malformed : kind
        self.token = token
    }

    /// A credential given as text, by what it looks like.
    public init(bearer text: String) { self = Credential.bearer(ArraySlice(Array(text.utf8))) }

    /// Finds a request's credential: `Authorization: Bearer`, else `x-nexus-api-key`, else the session cookie; nil when there is
    /// none.
    ///
    /// An `Authorization` of another scheme is malformed rather than passed over: whoever sent it meant it to count.
    /// - Parameters: the values of the three headers, as received.
    public static func from(
        authorization: ArraySlice<UInt8>?, apiKeyHeader: ArraySlice<UInt8>?, cookie: ArraySlice<UInt8>?
    ) -> Credential? {
        if let authorization {
            guard let token = bearerToken(authorization) else { return Credential(.malformed, authorization) }
            return bearer(token)
        }
        if let apiKeyHeader {
            return Credential(starts(apiKeyHeader, with: APIKey.prefix) ? .apiKey : .malformed, apiKeyHeader)
        }
        if let cookie, let token = Credential.cookie(sessionCookie, in: cookie) { return Credential(.session, token) }
        return nil
    }

    /// The value of the cookie called `name` in a `Cookie` header (RFC 6265 §4.2.1), the first when there are several; nil when
    /// there is none.
    public static func cookie(_ name: StaticString, in header: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        for pair in header.split(separator: UInt8(ascii: ";")) {
            let pair = pair.drop { $0 == 32 || $0 == 9 }
            guard starts(pair, with: name), pair.dropFirst(name.utf8CodeUnitCount).first == UInt8(ascii: "=") else { continue }
            return pair.dropFirst(name.utf8CodeUnitCount + 1)
        }
        return nil
    }

    private static func bearer(_ token: ArraySlice<UInt8>) -> Credential {
        if starts(token, with: APIKey.prefix) { return Credential(.apiKey, token) }
        if starts(token, with: AgentToken.prefix) { return Credential(.agentToken, token) }
        return Credential(.jwt, token)
    }

    /// What follows `Bearer` and its spaces; the scheme's name compares case-insensitively (RFC 9110 §11.1).
    private static func bearerToken(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let scheme: StaticString = "bearer"
        guard value.count > scheme.utf8CodeUnitCount + 1 else { return nil }
        let word = value.prefix(scheme.utf8CodeUnitCount)
        let wanted = UnsafeBufferPointer(start: scheme.utf8Start, count: scheme.utf8CodeUnitCount)
        guard zip(word, wanted).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
        let rest = value.dropFirst(scheme.utf8CodeUnitCount)
        guard rest.first == 32 else { return nil }
        return rest.drop { $0 == 32 }
    }

    static func starts(_ bytes: ArraySlice<UInt8>, with prefix: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        return bytes.starts(with: wanted)
    }
}
