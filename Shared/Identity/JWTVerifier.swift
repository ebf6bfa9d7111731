public import Models

/// Verifies operators' tokens: HS256 with the suite's own key, RS256 and ES256 with the key sets of the issuers in the
/// configuration.
///
/// The key says how a signature is checked, never the token: its `alg` only chooses among the keys which use that algorithm, so
/// an RSA public key can never be taken for a shared secret. Nothing of the payload is read before the signature is found good.
/// Every failure is the one `ServiceError.unauthenticated`.
public struct JWTVerifier: Sendable {
    /// An outside issuer whose tokens are taken.
    public struct Issuer: Sendable {
        /// Prefixes the ids of its subjects; a short word.
        public var name: String
        /// `iss`, exactly.
        public var issuer: String
        /// One of `aud`, exactly.
        public var audience: String
        public var keys: JWKS

        public init(name: String, issuer: String, audience: String, keys: JWKS) {
            self.name = name
            self.issuer = issuer
            self.audience = audience
            self.keys = keys
        }
    }

    /// For clocks that differ (`API.md`).
    public static let leewaySeconds = 1.0
    /// No token is longer.
    public static let bytesMax = Credential.bytesMax
    /// A token without `kid` is tried with this many keys of its algorithm at most: bounds what a bad one costs.
    private static let keysTriedMax = 8

    private let key: [UInt8]
    private let issuers: [Issuer]

    /// - Parameters:
    ///   - key: `SuiteKeys.jwt`.
    ///   - issuers: the outside issuers of the configuration.
    public init(key: [UInt8], issuers: [Issuer] = []) {
        self.key = key
        self.issuers = issuers
    }

    /// The claims of a token that is good at `now`.
    /// - Throws: `ServiceError.unauthenticated`, whatever is wrong with it.
    public func verify(_ token: ArraySlice<UInt8>, now: Timestamp) throws(ServiceError) -> Claims {
        guard let parts = Parts(token), let claims = claims(of: parts),
            claims.isCurrent(at: now, leewaySeconds: JWTVerifier.leewaySeconds)
        else { throw .unauthenticated }
        return claims
    }

    /// A token taken apart: its header is read, its payload is not.
    private struct Parts {
        let algorithm: String
        let keyID: String?
        let signed: ArraySlice<UInt8>
        let payload: ArraySlice<UInt8>
        let signature: [UInt8]

        init?(_ token: ArraySlice<UInt8>) {
            guard token.count <= JWTVerifier.bytesMax else { return nil }
            let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]), let signature = Base64URL.decode(parts[2]),
                !signature.isEmpty, let header = StrictJSON.parse(headerBytes[...]), let algorithm = header["alg"]?.string
            else { return nil }
            // Extensions that a token calls critical are none that this verifier knows (RFC 7515 §4.1.11).
            guard header["crit"] == nil, header["b64"] == nil else { return nil }
            if let keyID = header["kid"] {
                guard let keyID = keyID.string else { return nil }
                self.keyID = keyID
            } else {
                keyID = nil
            }
            self.algorithm = algorithm
            self.signature = signature
            signed = token[parts[0].startIndex..<parts[1].endIndex]
            payload = parts[1]
        }
    }

    private func claims(of parts: Parts) -> Claims? {
        switch parts.algorithm {
        case "HS256":
            guard Digest.equal(Digest.hmacSHA256(parts.signed, key: key), parts.signature) else { return nil }
            return claims(parts, issuer: JWTSigner.suiteName, audience: JWTSigner.suiteName, name: nil)
        case "RS256": return claims(of: parts, signedBy: .rs256)
        case "ES256": return claims(of: parts, signedBy: .es256)
        default: return nil
        }
    }

    private func claims(of parts: Parts, signedBy algorithm: VerificationKey.Algorithm) -> Claims? {
        var tries = 0
        for issuer in issuers {
            for key in issuer.keys.keys where key.algorithm == algorithm && (parts.keyID == nil || key.id == parts.keyID) {
                tries += 1
                guard tries <= JWTVerifier.keysTriedMax else { return nil }
                guard key.verifies(parts.signature, of: parts.signed) else { continue }
                // The same key may serve two issuers of the configuration; the claims say which one is meant.
                if let claims = claims(parts, issuer: issuer.issuer, audience: issuer.audience, name: issuer.name) {
                    return claims
                }
            }
        }
        return nil
    }

    private func claims(_ parts: Parts, issuer: String, audience: String, name: String?) -> Claims? {
        guard let bytes = Base64URL.decode(parts.payload), let payload = StrictJSON.parse(bytes[...]) else { return nil }
        return Claims(payload: payload, issuer: issuer, audience: audience, issuerName: name)
    }
}
