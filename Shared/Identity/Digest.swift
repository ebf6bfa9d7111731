internal import COpenSSL

/// SHA-256, HMAC-SHA-256 and comparison in constant time: OpenSSL's.
public enum Digest {
    public static let byteCount = 32

    /// The SHA-256 of `bytes`.
    public static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        let done: Bool = contiguous(bytes) { SHA256($0.baseAddress, $0.count, &digest) != nil }
        precondition(done, "SHA-256 failed")
        return digest
    }

    /// The HMAC-SHA-256 of `bytes` under `key`.
    public static func hmacSHA256(_ bytes: some Collection<UInt8>, key: [UInt8]) -> [UInt8] {
        var mac = [UInt8](repeating: 0, count: byteCount)
        var length: UInt32 = 0
        let done: Bool = contiguous(bytes) {
            HMAC(EVP_sha256(), key, Int32(key.count), $0.baseAddress, $0.count, &mac, &length) != nil
        }
        precondition(done && Int(length) == byteCount, "HMAC-SHA-256 failed")
        return mac
    }

    /// Whether the two are the same; takes as long for every pair of one length.
    public static func equal(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return contiguous(left) { left in
            contiguous(right) { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                return CRYPTO_memcmp(first, second, left.count) == 0
            }
        }
    }

    static func contiguous<Result>(_ bytes: some Collection<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = bytes.withContiguousStorageIfAvailable(body) { return result }
        return Array(bytes).withUnsafeBufferPointer(body)
    }
}
