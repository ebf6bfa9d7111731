import COpenSSL
import Identity
import Models
import Testing

/// A key pair made by OpenSSL for one test: what an outside issuer has.
final class TestKeyPair {
    enum Kind { case rsa(bits: UInt32), ec(curve: String) }

    private let key: OpaquePointer
    private let kind: Kind

    init(_ kind: Kind) throws {
        self.kind = kind
        let name = if case .rsa = kind { "RSA" } else { "EC" }
        let context = try #require(EVP_PKEY_CTX_new_from_name(nil, name, nil))
        defer { EVP_PKEY_CTX_free(context) }
        try check(EVP_PKEY_keygen_init(context))
        switch kind {
        case .rsa(let bits): try check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)))
        case .ec(let curve): try check(EVP_PKEY_CTX_set_group_name(context, curve))
        }
        var key: OpaquePointer?
        try check(EVP_PKEY_generate(context, &key))
        self.key = try #require(key)
    }

    deinit { EVP_PKEY_free(key) }

    /// The public half as a member of a key set.
    func jwk(id: String?, more: [String: JSONValue] = [:]) throws -> JSONValue {
        var members: [String: JSONValue] = [:]
        if let id { members["kid"] = .string(id) }
        switch kind {
        case .rsa:
            members["kty"] = .string("RSA")
            members["n"] = .string(Base64URL.string(try number(OSSL_PKEY_PARAM_RSA_N)))
            members["e"] = .string(Base64URL.string(try number(OSSL_PKEY_PARAM_RSA_E)))
        case .ec(let curve):
            members["kty"] = .string("EC")
            members["crv"] = .string(curve)
            let size = curve == "P-256" ? 32 : 48
            members["x"] = .string(Base64URL.string(padded(try number(OSSL_PKEY_PARAM_EC_PUB_X), to: size)))
            members["y"] = .string(Base64URL.string(padded(try number(OSSL_PKEY_PARAM_EC_PUB_Y), to: size)))
        }
        for (name, value) in more { members[name] = value }
        return .object(members)
    }

    /// The modulus, for the attack that takes it for a shared secret.
    func modulus() throws -> [UInt8] { try number(OSSL_PKEY_PARAM_RSA_N) }

    /// The public half in PEM (SubjectPublicKeyInfo), for the same attack.
    func publicPEM() throws -> [UInt8] {
        let output = try #require(BIO_new(BIO_s_mem()))
        defer { BIO_free(output) }
        try check(PEM_write_bio_PUBKEY(output, key))
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = BIO_read(output, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(count)))
    }

    /// The signature in OpenSSL's form: PKCS #1 v1.5, or DER for EC.
    func signature(of bytes: [UInt8], digest: OpaquePointer? = EVP_sha256()) throws -> [UInt8] {
        let context = try #require(EVP_MD_CTX_new())
        defer { EVP_MD_CTX_free(context) }
        try check(EVP_DigestSignInit(context, nil, digest, nil, key))
        var length = 0
        try check(EVP_DigestSign(context, nil, &length, bytes, bytes.count))
        var signature = [UInt8](repeating: 0, count: length)
        try check(EVP_DigestSign(context, &signature, &length, bytes, bytes.count))
        return Array(signature.prefix(length))
    }

    /// The signature of EC as tokens carry it: `r || s`.
    func rawSignature(of bytes: [UInt8], size: Int = 32) throws -> [UInt8] {
        let der = try signature(of: bytes)
        let decoded = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &start, buffer.count)
        }
        let parsed = try #require(decoded)
        defer { ECDSA_SIG_free(parsed) }
        return padded(bytesOf(ECDSA_SIG_get0_r(parsed)), to: size) + padded(bytesOf(ECDSA_SIG_get0_s(parsed)), to: size)
    }

    private func number(_ name: String) throws -> [UInt8] {
        var number: OpaquePointer?
        try check(EVP_PKEY_get_bn_param(key, name, &number))
        defer { BN_free(number) }
        return bytesOf(number)
    }

    private func bytesOf(_ number: OpaquePointer?) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int((BN_num_bits(number) + 7) / 8))
        BN_bn2bin(number, &bytes)
        return bytes
    }

    private func padded(_ bytes: [UInt8], to size: Int) -> [UInt8] { [UInt8](repeating: 0, count: size - bytes.count) + bytes }
}

private struct OpenSSLFailed: Error {}

private func check(_ result: Int32) throws { guard result > 0 else { throw OpenSSLFailed() } }
