internal import COpenSSL
import Models

/// A public key that verifies one algorithm's signatures: RS256 (RSA of 2048 bits or more) or ES256 (P-256).
///
/// `@unchecked Sendable`: the key is never changed after `init`, and OpenSSL verifies with one `EVP_PKEY` on many threads at
/// once.
public final class VerificationKey: @unchecked Sendable {
    public enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    public let algorithm: Algorithm
    /// `kid`.
    public let id: String?
    private let key: OpaquePointer

    private static let rsaBitsMin: Int32 = 2048
    /// Larger moduli only make verifying slow.
    private static let rsaBytesMax = 1024
    private static let coordinateBytes = 32

    /// Reads one member of a key set; nil when it is no public key for signatures of RS256 or ES256.
    init?(jwk: JSONValue) {
        if let use = jwk["use"], use != .string("sig") { return nil }
        if case .array(let operations)? = jwk["key_ops"], !operations.contains(.string("verify")) { return nil }
        let parameters: Parameters?
        switch jwk["kty"]?.string {
        case "RSA":
            algorithm = .rs256
            parameters = VerificationKey.rsa(jwk)
        case "EC":
            algorithm = .es256
            parameters = VerificationKey.p256(jwk)
        default: return nil
        }
        if let named = jwk["alg"], named != .string(algorithm.rawValue) { return nil }
        if let id = jwk["kid"] {
            guard let id = id.string else { return nil }
            self.id = id
        } else {
            id = nil
        }
        guard let key = parameters?.makeKey(algorithm == .rs256 ? "RSA" : "EC") else { return nil }
        self.key = key
        // After every stored property is set, `deinit` frees the key when this initialiser gives up.
        if algorithm == .rs256, EVP_PKEY_get_bits(key) < VerificationKey.rsaBitsMin { return nil }
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether `signature`, in the form of RFC 7518 §3, is this key's over `bytes`.
    func verifies(_ signature: [UInt8], of bytes: ArraySlice<UInt8>) -> Bool {
        var signature = signature
        if algorithm == .es256 {
            guard let encoded = VerificationKey.derSignature(raw: signature) else { return false }
            signature = encoded
        }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            // A signature that does not verify leaves entries in the thread's error queue, which TLS would read as its own.
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        return Digest.contiguous(bytes) { EVP_DigestVerify(context, signature, signature.count, $0.baseAddress, $0.count) == 1 }
    }

    private static func rsa(_ jwk: JSONValue) -> Parameters? {
        guard let modulus = integer(jwk["n"]), let exponent = integer(jwk["e"]), modulus.count <= rsaBytesMax,
            exponent.count <= 8,
            let parameters = Parameters()
        else { return nil }
        parameters.add(number: modulus, OSSL_PKEY_PARAM_RSA_N)
        parameters.add(number: exponent, OSSL_PKEY_PARAM_RSA_E)
        return parameters
    }

    /// OpenSSL refuses a point that is not on the curve.
    private static func p256(_ jwk: JSONValue) -> Parameters? {
        guard jwk["crv"] == .string("P-256"), let x = jwk["x"]?.string, let y = jwk["y"]?.string,
            let x = Base64URL.decode(x.utf8), let y = Base64URL.decode(y.utf8), x.count == coordinateBytes,
            y.count == coordinateBytes,
            let parameters = Parameters()
        else { return nil }
        let uncompressed: UInt8 = 4
        parameters.add(group: "prime256v1", OSSL_PKEY_PARAM_GROUP_NAME)
        parameters.add(octets: [uncompressed] + x + y, OSSL_PKEY_PARAM_PUB_KEY)
        return parameters
    }

    private static func integer(_ value: JSONValue?) -> [UInt8]? {
        guard let text = value?.string, let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty else { return nil }
        return bytes
    }

    /// The DER form, which OpenSSL reads, of `r || s`; nil when it has not 64 bytes (a DER signature in a token is refused, too).
    private static func derSignature(raw: [UInt8]) -> [UInt8]? {
        guard raw.count == 2 * coordinateBytes, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let r = raw.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, Int32(coordinateBytes), nil) }
        let s = raw[coordinateBytes...].withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, Int32(coordinateBytes), nil) }
        guard let r, let s, ECDSA_SIG_set0(signature, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        let length = i2d_ECDSA_SIG(signature, nil)
        guard length > 0 else { return nil }
        var encoded = [UInt8](repeating: 0, count: Int(length))
        let written = encoded.withUnsafeMutableBufferPointer { buffer in
            var end = buffer.baseAddress
            return i2d_ECDSA_SIG(signature, &end)
        }
        return written == length ? encoded : nil
    }
}

/// The parameters of a public key on their way to OpenSSL, whose builder copies nothing before `makeKey`, not even their names.
private final class Parameters {
    private let builder: OpaquePointer
    private var numbers: [OpaquePointer] = []
    private var buffers: [UnsafeMutableRawBufferPointer] = []

    init?() {
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        self.builder = builder
    }

    deinit {
        OSSL_PARAM_BLD_free(builder)
        for number in numbers { BN_free(number) }
        for buffer in buffers { buffer.deallocate() }
    }

    func add(number bytes: [UInt8], _ name: String) {
        guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { return }
        numbers.append(number)
        OSSL_PARAM_BLD_push_BN(builder, kept(name), number)
    }

    func add(octets bytes: [UInt8], _ name: String) {
        OSSL_PARAM_BLD_push_octet_string(builder, kept(name), kept(bytes), bytes.count)
    }

    func add(group: String, _ name: String) {
        OSSL_PARAM_BLD_push_utf8_string(builder, kept(name), kept(group), group.utf8.count)
    }

    /// The key; nil when OpenSSL finds the parameters to be none, or the public key not to be valid.
    func makeKey(_ type: String) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        guard let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
        // The made parameters point at this object's copies of their names.
        defer { withExtendedLifetime(self) { OSSL_PARAM_free(parameters) } }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &key, NEXUS_EVP_PKEY_PUBLIC_KEY, parameters) == 1,
            let key
        else { return nil }
        guard Parameters.isValid(key) else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }

    private static func isValid(_ key: OpaquePointer) -> Bool {
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        return EVP_PKEY_public_check(context) == 1
    }

    /// A copy that lives as long as this object.
    private func kept(_ bytes: [UInt8]) -> UnsafeMutableRawPointer? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        buffer.copyBytes(from: bytes)
        buffers.append(buffer)
        return buffer.baseAddress
    }

    private func kept(_ text: String) -> UnsafePointer<CChar>? {
        kept(Array(text.utf8) + [0]).map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) }
    }
}
