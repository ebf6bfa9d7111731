import COpenSSL

/// What a handshake has told of the other side.
public final class TLSPeer: Sendable {
    /// `TLSv1.3`, `TLSv1.2`.
    public let version: String
    public let cipher: String
    /// It has resumed an earlier session.
    public let isResumed: Bool
    /// The certificate that the client has shown, verified; nil when it has shown none.
    public let certificate: TLSCertificate?

    init(_ ssl: OpaquePointer) {
        version = String(cString: SSL_get_version(ssl))
        cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? ""
        isResumed = SSL_session_reused(ssl) == 1
        let shown = SSL_get_verify_result(ssl) == X509_V_OK ? SSL_get0_peer_certificate(ssl) : nil
        certificate = shown.map { TLSCertificate($0) }
    }
}
