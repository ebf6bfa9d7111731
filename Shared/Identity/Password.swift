internal import COpenSSL
public import Models

/// Passwords: scrypt (RFC 7914) with its parameters in the stored text, `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, and comparison in
/// constant time.
///
/// Both calls take a fraction of a second of a processor and 16 MB: never on an event loop; the caller runs them on a thread of
/// its own, a few at a time.
public enum Password {
    /// How much work a guess costs.
    public struct Cost: Sendable, Hashable {
        /// The logarithm of scrypt's N.
        public let logarithm: Int
        /// scrypt's r.
        public let blocks: Int
        /// scrypt's p.
        public let lanes: Int

        public init(logarithm: Int, blocks: Int, lanes: Int) {
            self.logarithm = logarithm
            self.blocks = blocks
            self.lanes = lanes
        }

        /// OWASP's least for scrypt in its variant of 16 MB, so that a few sign-ins at once stay small beside the suite.
        public static let standard = Cost(logarithm: 14, blocks: 8, lanes: 5)

        /// What a stored text may ask for: bounds the time and memory of a check, were the database written by someone else.
        var isBounded: Bool { (1...17).contains(logarithm) && (1...16).contains(blocks) && (1...16).contains(lanes) }

        var bytesMax: UInt64 { 128 * UInt64(blocks) * (1 << UInt64(logarithm)) + 128 * UInt64(blocks * lanes) + (1 << 20) }
    }

    /// The fewest characters of a password that a user is given or chooses (NIST SP 800-63B §5.1.1.2).
    public static let charactersMin = 8
    /// The most bytes: enough for any phrase, too few to make hashing slow.
    public static let bytesMax = 1024
    private static let saltBytes = 16
    private static let hashBytes = 32

    /// Refuses a password that is too short or too long.
    /// - Throws: `ServiceError` 400 naming `field`.
    public static func validate(_ password: String, field: String = "password") throws(ServiceError) {
        guard password.unicodeScalars.count >= charactersMin else {
            throw .invalid(field, "must have at least \(charactersMin) characters")
        }
        guard password.utf8.count <= bytesMax else { throw .invalid(field, "must have at most \(bytesMax) bytes") }
    }

    /// A password that nobody could guess, for the first user: 20 characters of base 62.
    public static func random() -> String { String(decoding: SecureRandom.base62(20), as: UTF8.self) }

    /// What to store for `password`. Slow.
    public static func hash(_ password: String, cost: Cost = .standard) throws(ServiceError) -> String {
        let salt = SecureRandom.bytes(saltBytes)
        guard let hash = derive(password, salt: salt, cost: cost) else { throw .internal("scrypt failed") }
        return "$scrypt$ln=\(cost.logarithm),r=\(cost.blocks),p=\(cost.lanes)$\(Base64URL.string(salt))$\(Base64URL.string(hash))"
    }

    /// Whether `password` is the one that `stored` was made from. Slow, and as slow when there is no such user (`stored` nil), so
    /// that the time of an answer tells nobody which usernames exist.
    /// - Parameter unknownCost: of the work done when there is no such user: that of the hashes in use.
    public static func verify(_ password: String, against stored: String?, unknownCost: Cost = .standard) -> Bool {
        guard password.utf8.count <= bytesMax else { return false }
        guard let stored, let (cost, salt, expected) = parse(stored) else {
            _ = derive(password, salt: [UInt8](repeating: 0, count: saltBytes), cost: unknownCost)
            return false
        }
        guard let hash = derive(password, salt: salt, cost: cost) else { return false }
        return Digest.equal(hash, expected)
    }

    static func derive(_ password: String, salt: [UInt8], cost: Cost) -> [UInt8]? {
        var hash = [UInt8](repeating: 0, count: hashBytes)
        let done = password.utf8CString.withUnsafeBufferPointer { text in
            EVP_PBE_scrypt(
                text.baseAddress, text.count - 1, salt, salt.count, 1 << UInt64(cost.logarithm), UInt64(cost.blocks),
                UInt64(cost.lanes), cost.bytesMax, &hash, hashBytes)
        }
        return done == 1 ? hash : nil
    }

    private static func parse(_ stored: String) -> (Cost, salt: [UInt8], hash: [UInt8])? {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        let numbers = parts[2].split(separator: ",", omittingEmptySubsequences: false)
        guard numbers.count == 3, let logarithm = number(numbers[0], "ln="), let blocks = number(numbers[1], "r="),
            let lanes = number(numbers[2], "p="), let salt = Base64URL.decode(parts[3].utf8),
            let hash = Base64URL.decode(parts[4].utf8)
        else { return nil }
        let cost = Cost(logarithm: logarithm, blocks: blocks, lanes: lanes)
        guard cost.isBounded, salt.count >= 8, hash.count == hashBytes else { return nil }
        return (cost, salt, hash)
    }

    private static func number(_ text: Substring, _ name: String) -> Int? {
        text.hasPrefix(name) ? Int(text.dropFirst(name.count)) : nil
    }
}
