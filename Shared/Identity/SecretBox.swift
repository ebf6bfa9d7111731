internal import COpenSSL
public import Models

/// Encrypts secrets that must be read again (an integration's credential, a webhook's secret): AES-256-GCM, a random nonce each
/// time.
public struct SecretBox: Sendable {
    private let key: [UInt8]

    private static let nonceBytes = 12
    private static let tagBytes = 16
    private static let version: UInt8 = 1

    /// - Parameter key: `SuiteKeys.encryption`.
    public init(key: [UInt8]) {
        precondition(key.count == SuiteKeys.keyBytes)
        self.key = key
    }

    /// What to store for `secret`. It opens only with the same `context`: name the row and the column, so that no stored secret
    /// can be moved to another row.
    public func seal(_ secret: [UInt8], context: String) throws(ServiceError) -> [UInt8] {
        let nonce = SecureRandom.bytes(SecretBox.nonceBytes)
        let cipher = try Cipher(key: key, nonce: nonce, context: context, encrypts: true)
        let sealed = try cipher.update(secret)
        return [SecretBox.version] + nonce + sealed + (try cipher.finalTag(SecretBox.tagBytes))
    }

    /// The secret that was sealed with the same context.
    /// - Throws: `ServiceError` 500 when the stored bytes are damaged, from another key, or from another place.
    public func open(_ stored: [UInt8], context: String) throws(ServiceError) -> [UInt8] {
        let overhead = 1 + SecretBox.nonceBytes + SecretBox.tagBytes
        guard stored.count >= overhead, stored[0] == SecretBox.version else { throw Cipher.failure }
        let nonce = Array(stored[1...SecretBox.nonceBytes])
        let cipher = try Cipher(key: key, nonce: nonce, context: context, encrypts: false)
        let secret = try cipher.update(Array(stored[(1 + SecretBox.nonceBytes)..<(stored.count - SecretBox.tagBytes)]))
        try cipher.checkTag(Array(stored.suffix(SecretBox.tagBytes)))
        return secret
    }
}

/// One pass of AES-256-GCM.
private final class Cipher {
    static let failure = ServiceError.internal("a stored secret cannot be decrypted: damaged, or sealed with another key")

    private let context: OpaquePointer

    init(key: [UInt8], nonce: [UInt8], context associated: String, encrypts: Bool) throws(ServiceError) {
        guard let context = EVP_CIPHER_CTX_new() else { throw .internal("out of memory") }
        self.context = context
        guard EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce, encrypts ? 1 : 0) == 1 else { throw Cipher.failure }
        let associated = Array(associated.utf8)
        var count: Int32 = 0
        guard EVP_CipherUpdate(context, nil, &count, associated, Int32(associated.count)) == 1 else { throw Cipher.failure }
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
        // What does not decrypt leaves entries in the thread's error queue, which TLS on the same thread would read as its own.
        ERR_clear_error()
    }

    func update(_ input: [UInt8]) throws(ServiceError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: input.count)
        var count: Int32 = 0
        guard input.isEmpty || EVP_CipherUpdate(context, &output, &count, input, Int32(input.count)) == 1 else {
            throw Cipher.failure
        }
        return output
    }

    func finalTag(_ byteCount: Int) throws(ServiceError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: byteCount)
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard EVP_CipherFinal_ex(context, &rest, &count) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(byteCount), &tag) == 1
        else { throw Cipher.failure }
        return tag
    }

    func checkTag(_ tag: [UInt8]) throws(ServiceError) {
        var tag = tag
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1,
            EVP_CipherFinal_ex(context, &rest, &count) == 1
        else { throw Cipher.failure }
    }
}
