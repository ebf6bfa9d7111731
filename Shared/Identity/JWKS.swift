import Glibc
public import Models

/// A set of public keys (RFC 7517), as an issuer publishes it. Keys of other types and uses are passed over; secrets are never
/// taken from one.
public struct JWKS: Sendable {
    /// No key set is longer.
    public static let bytesMax = 256 * 1024
    /// More keys than an issuer has in rotation.
    public static let keysMax = 64

    public let keys: [VerificationKey]

    /// Reads a key set.
    /// - Throws: `ServiceError` 400 when it is no key set or has no key that can verify RS256 or ES256.
    public init(json bytes: [UInt8]) throws(ServiceError) {
        guard bytes.count <= JWKS.bytesMax, let document = StrictJSON.parse(bytes[...]),
            case .array(let items)? = document["keys"],
            items.count <= JWKS.keysMax
        else { throw .invalid("jwks", "is not a JSON Web Key Set") }
        keys = items.compactMap(VerificationKey.init(jwk:))
        guard !keys.isEmpty else { throw .invalid("jwks", "has no usable RSA (2048 bits or more) or P-256 signature key") }
    }

    /// Reads a key set from a file.
    /// - Throws: as `init(json:)`, and when the file cannot be read.
    public init(path: String) throws(ServiceError) {
        guard let file = fopen(path, "re") else {
            throw .invalid("jwks", "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: JWKS.bytesMax + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        try self.init(json: Array(bytes.prefix(count)))
    }
}
