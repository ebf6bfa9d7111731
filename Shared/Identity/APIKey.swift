/// An API key as it is made: the secret is shown once; only its hash is kept.
public struct APIKey: Sendable {
    /// Every API key's first characters.
    public static let prefix: StaticString = "nxk_"

    /// The whole key, for its owner alone.
    public let secret: String
    /// Its first characters, by which its owner tells it from others (`nxk_3fK9Zq`).
    public let shown: String
    /// What is stored.
    public let hash: [UInt8]

    /// A new key.
    public static func make() -> APIKey {
        let secret = Token.make(prefix)
        return APIKey(secret: secret, shown: String(secret.prefix(10)), hash: Token.hash(Array(secret.utf8)))
    }
}

/// An agent's token as it is made: it goes into the run's environment; only its hash is kept.
public struct AgentToken: Sendable {
    /// Every agent token's first characters.
    public static let prefix: StaticString = "nxa_"

    /// The whole token.
    public let secret: String
    /// What is stored.
    public let hash: [UInt8]

    /// A new token.
    public static func make() -> AgentToken {
        let secret = Token.make(prefix)
        return AgentToken(secret: secret, hash: Token.hash(Array(secret.utf8)))
    }
}

/// Opaque tokens: a prefix and 40 random characters of base 62 (238 bits). So much randomness needs no salt and no slow hash:
/// SHA-256 is what is stored, and a lookup by it tells nothing of the token through its timing.
public enum Token {
    public static let randomCharacters = 40

    /// A new token.
    public static func make(_ prefix: StaticString) -> String {
        prefix.description + String(decoding: SecureRandom.base62(randomCharacters), as: UTF8.self)
    }

    /// What is stored of a token, and what it is looked up by.
    public static func hash(_ token: some Collection<UInt8>) -> [UInt8] { Digest.sha256(token) }

    /// Whether `token` has the form of one made with `prefix`; what has not is not worth a look-up.
    public static func isWellFormed(_ token: ArraySlice<UInt8>, prefix: StaticString) -> Bool {
        guard token.count == prefix.utf8CodeUnitCount + randomCharacters, Credential.starts(token, with: prefix) else {
            return false
        }
        return token.dropFirst(prefix.utf8CodeUnitCount).allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        }
    }
}
