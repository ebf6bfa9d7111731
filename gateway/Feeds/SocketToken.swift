import HTTP
import Identity
import Models

/// What `GET /api/v1/ws-token` gives: the caller's own credential, sealed with the suite's key, good for the first message of a
/// WebSocket and nothing else, and for a minute. A browser's page can hold it where it could not set a header.
///
/// The WebSocket lasts no longer than the credential inside: it ends when that expires or is revoked.
struct SocketToken: Sendable {
    static let prefix = "nxw_"
    /// Long enough to connect, too short to be worth stealing.
    static let lifetimeSeconds = 60.0
    /// Binds what is sealed to its purpose.
    private static let context = "ws-token"
    private static let timeBytes = 8

    let box: SecretBox

    /// - Throws: 500.
    func seal(_ credential: Credential, now: Timestamp) throws(ServiceError) -> String {
        let expires = UInt64(bitPattern: now.adding(seconds: SocketToken.lifetimeSeconds).milliseconds)
        var secret = (0..<SocketToken.timeBytes).map { UInt8(truncatingIfNeeded: expires >> UInt64($0 * 8)) }
        secret.append(credential.kind == .session ? 1 : 0)
        secret.append(contentsOf: credential.token)
        return SocketToken.prefix + HTTP.Base64URL.encode(try box.seal(secret, context: SocketToken.context))
    }

    /// The credential inside.
    /// - Throws: 401 for whatever is no such token, or an old one.
    func open(_ text: String, now: Timestamp) throws(ServiceError) -> Credential {
        guard text.hasPrefix(SocketToken.prefix), text.utf8.count <= 2 * Credential.bytesMax,
            let sealed = HTTP.Base64URL.decode(String(text.dropFirst(SocketToken.prefix.count))),
            let secret = opened(sealed), secret.count > SocketToken.timeBytes + 1
        else { throw .unauthenticated }
        var expires: UInt64 = 0
        for index in 0..<SocketToken.timeBytes { expires |= UInt64(secret[index]) << UInt64(index * 8) }
        guard Timestamp(milliseconds: Int64(bitPattern: expires)) > now else { throw .unauthenticated }
        let token = secret[(SocketToken.timeBytes + 1)...]
        if secret[SocketToken.timeBytes] == 1 { return Credential(.session, token) }
        return Credential(bearer: String(decoding: token, as: UTF8.self))
    }

    /// Nil for what was not sealed here: a client's mistake, not the suite's.
    private func opened(_ sealed: [UInt8]) -> [UInt8]? {
        do {
            return try box.open(sealed, context: SocketToken.context)
        } catch {
            return nil
        }
    }
}
