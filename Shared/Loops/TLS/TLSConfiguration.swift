/// Which certificate a server shows, and which it asks of its clients.
public struct TLSConfiguration: Sendable {
    /// Whether a client must show a certificate.
    public enum ClientCertificate: String, Sendable, CaseIterable {
        /// It is asked for one, and may come without; one that cannot be verified is refused.
        case optional
        case required
    }

    /// PEM: the server's certificate, then those of the authorities between it and a root.
    public var certificateFile: String
    /// PEM: the certificate's private key, without a passphrase.
    public var keyFile: String
    /// PEM: the authorities whose certificates clients may show; nil asks for none.
    public var clientAuthoritiesFile: String?
    /// Means something only with `clientAuthoritiesFile`.
    public var clientCertificate = ClientCertificate.required

    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
