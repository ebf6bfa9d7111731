internal import COpenSSL

/// Random bytes from OpenSSL's generator.
public enum SecureRandom {
    /// `count` unpredictable bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // A machine without randomness can run no part of this safely, and no caller could do better than stop.
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the random generator failed")
        return bytes
    }

    static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// `count` characters of base 62, each equally likely (5.95 bits): bytes past the last whole multiple of 62 are drawn again.
    public static func base62(_ count: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(count)
        while text.count < count {
            for byte in bytes(count + 16) where byte < 248 && text.count < count { text.append(alphabet[Int(byte % 62)]) }
        }
        return text
    }
}
