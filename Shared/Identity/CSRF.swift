public import Models

/// The token that a browser session's writes must repeat in `x-csrf-token`: derived from the session's cookie with a key of its
/// own, so that it needs no storage and tells nothing of the cookie.
public struct CSRF: Sendable {
    public static let header: StaticString = "x-csrf-token"

    private let key: [UInt8]

    /// - Parameter key: `SuiteKeys.csrf`.
    public init(key: [UInt8]) { self.key = key }

    /// The CSRF token of a session.
    /// - Parameter session: the cookie's value.
    public func token(for session: some Collection<UInt8>) -> String { Base64URL.string(Digest.hmacSHA256(session, key: key)) }

    /// Refuses a write by cookie that does not carry the session's CSRF token. Other credentials are not sent by browsers on
    /// their own, and pass.
    /// - Parameter header: the value of `x-csrf-token`.
    /// - Throws: `ServiceError` 403.
    public func check(_ credential: Credential, header: ArraySlice<UInt8>?, isWrite: Bool) throws(ServiceError) {
        guard credential.kind == .session, isWrite else { return }
        guard let header, Digest.equal(header, token(for: credential.token).utf8) else {
            throw ServiceError(.forbidden, "a write by session cookie needs its x-csrf-token", code: "csrf")
        }
    }
}
