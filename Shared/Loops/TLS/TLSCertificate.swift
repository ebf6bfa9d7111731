import COpenSSL

/// What one wants to know of a certificate.
public struct TLSCertificate: Sendable, Equatable {
    /// The distinguished name (RFC 4514): `CN=nexus.example.com,O=Example`.
    public let subject: String
    /// In hexadecimal, as `openssl x509 -serial` prints it.
    public let serial: String
    /// The end of its time: `Nov 21 12:00:00 2027 GMT`.
    public let notAfter: String
    /// Its time has passed, or has not come.
    public let isOutOfDate: Bool

    init(_ certificate: OpaquePointer) {
        subject = TLSCertificate.text { X509_NAME_print_ex($0, X509_get_subject_name(certificate), 0, NEXUS_XN_FLAG_RFC2253) }
        serial = TLSCertificate.text { i2a_ASN1_INTEGER($0, X509_get0_serialNumber(certificate)) }
        notAfter = TLSCertificate.text { ASN1_TIME_print($0, X509_get0_notAfter(certificate)) }
        isOutOfDate =
            X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0
            || X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0
    }

    /// What `write` writes.
    private static func text(_ write: (OpaquePointer) -> Int32) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        guard write(memory) >= 0 else { return "" }
        var start: UnsafeMutablePointer<CChar>?
        let count = BIO_ctrl(memory, BIO_CTRL_INFO, 0, &start)
        guard let start, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
