import COpenSSL
import Glibc
import Models

/// An authority of a test's own, which issues certificates into files: made by OpenSSL on the spot, gone with the folder.
public final class TestAuthority: @unchecked Sendable {  // Its key and certificate are not changed after init.
    /// A certificate and its key, in PEM.
    public struct Identity: Sendable {
        public let certificateFile: String
        public let keyFile: String
        /// As `openssl x509 -serial` prints it.
        public let serial: String
    }

    public enum Usage: String { case server = "serverAuth", client = "clientAuth" }

    /// The authority's own certificate, in PEM.
    public let certificateFile: String
    private let folder: String
    private let key: OpaquePointer
    private let certificate: OpaquePointer

    /// - Parameters:
    ///   - name: the common name.
    ///   - folder: where the files go.
    /// - Throws: `ServiceError` when OpenSSL or the disk refuses.
    public init(_ name: String, in folder: String) throws {
        self.folder = folder
        certificateFile = "\(folder)/\(name).pem"
        key = try TestAuthority.makeKey()
        certificate = try TestAuthority.make(
            name, key, issuer: nil, signedBy: key, days: 2,
            [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign")])
        let certificate = certificate
        try TestAuthority.write(to: certificateFile) { PEM_write_bio_X509($0, certificate) }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// Issues a certificate for a name, or the address 127.0.0.1 with it; its files are called `file`.
    /// - Parameter days: less than nothing makes one whose time has passed.
    public func issue(_ name: String, for usage: Usage = .server, days: Int = 1, file: String? = nil) throws -> Identity {
        let key = try TestAuthority.makeKey()
        defer { EVP_PKEY_free(key) }
        let issued = try TestAuthority.make(
            name, key, issuer: certificate, signedBy: self.key, days: days,
            [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_ext_key_usage, usage.rawValue),
                (NID_subject_alt_name, "DNS:\(name),DNS:localhost,IP:127.0.0.1"),
            ])
        defer { X509_free(issued) }
        let base = "\(folder)/\(file ?? name)"
        try TestAuthority.write(to: base + ".pem") { PEM_write_bio_X509($0, issued) }
        try TestAuthority.write(to: base + ".key") { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        let serial = ASN1_INTEGER_get(X509_get0_serialNumber(issued))
        return Identity(
            certificateFile: base + ".pem", keyFile: base + ".key",
            serial: TestAuthority.hexadecimal(serial))
    }

    /// Copies a certificate and its key over those of another, as who renews a certificate does.
    public static func replace(_ old: Identity, by new: Identity) throws {
        for (from, to) in [(new.keyFile, old.keyFile), (new.certificateFile, old.certificateFile)] {
            guard rename(from, to) == 0 else { throw ServiceError.internal("rename \(from): \(errno)") }
        }
    }

    private static func makeKey() throws -> OpaquePointer {
        let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw ServiceError.internal("no key") }
        return key
    }

    private static func make(
        _ name: String, _ key: OpaquePointer, issuer: OpaquePointer?, signedBy signer: OpaquePointer, days: Int,
        _ extensions: [(Int32, String)]
    ) throws -> OpaquePointer {
        guard let made = X509_new() else { throw ServiceError.internal("no certificate") }
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), Int.random(in: 1 << 40..<1 << 60))
        let day = 24 * 60 * 60
        X509_gmtime_adj(X509_getm_notBefore(made), min(-day, (days - 1) * day))
        X509_gmtime_adj(X509_getm_notAfter(made), days * day)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, name, -1, -1, 0)
        X509_set_issuer_name(made, X509_get_subject_name(issuer ?? made))
        X509_set_pubkey(made, key)
        for (kind, value) in extensions {
            guard let added = X509V3_EXT_conf_nid(nil, nil, kind, value) else {
                throw ServiceError.internal("extension \(value)")
            }
            X509_add_ext(made, added, -1)
            X509_EXTENSION_free(added)
        }
        guard X509_sign(made, signer, EVP_sha256()) > 0 else { throw ServiceError.internal("not signed") }
        return made
    }

    private static func write(to path: String, _ encode: (OpaquePointer) -> Int32) throws {
        guard let file = BIO_new_file(path, "w") else { throw ServiceError.internal("\(path): cannot be written") }
        defer { BIO_free(file) }
        guard encode(file) == 1 else { throw ServiceError.internal("\(path): cannot be written") }
    }

    private static func hexadecimal(_ number: Int) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return digits.count % 2 == 0 ? digits : "0" + digits
    }
}
