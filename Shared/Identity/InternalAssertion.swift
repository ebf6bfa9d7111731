import FoundationEssentials
public import Models

/// How services tell one another on whose behalf a request comes: the verified principal, signed for a minute with the suite's
/// assertion key, in one header. It is the only thing that a service behind the gateway trusts.
///
/// `base64url(payload) "." base64url(HMAC-SHA-256(domain || base64url(payload)))`.
public enum InternalAssertion {
    /// The header that carries it. The gateway drops it from whatever a client sends.
    public static let header: StaticString = "x-nexus-principal"
    /// How long one is good.
    public static let lifetimeSeconds = 60.0
    /// One with less time left is made anew: half the lifetime, so that a request may wait as long in a queue.
    static let renewalSeconds = 30.0
    /// Clocks of two machines of a cluster may differ by as much.
    static let leewaySeconds = 5.0
    /// No assertion is longer.
    static let bytesMax = 64 * 1024
    /// Separates these MACs from any other made with the same key.
    static let domain = Array("nexus-principal-v1.".utf8)

    struct Payload: Codable {
        let principal: Principal
        /// Milliseconds since 1970.
        let expires: Int64
    }

    static func mac(_ payload: some Collection<UInt8>, key: [UInt8]) -> [UInt8] { Digest.hmacSHA256(domain + payload, key: key) }
}

extension Principal: ShardedKey {
    var shardHint: Int { id.utf8.suffix(4).reduce(0) { $0 &* 31 &+ Int($1) } }
}

/// Signs principals for other services. One per process; any thread.
public final class AssertionSigner: Sendable {
    /// A signed principal and until when its bytes are sent again.
    private struct Signed: Sendable {
        let header: [UInt8]
    }

    private let key: [UInt8]
    private let signed: TokenCache<Principal, Signed>

    /// - Parameter key: `SuiteKeys.assertion`.
    public init(key: [UInt8], entriesMax: Int = 4096) {
        self.key = key
        signed = TokenCache(entriesMax: entriesMax)
    }

    /// The header's value for `principal`; it has at least 30 s to live. One dictionary look-up when the principal was seen
    /// lately.
    public func header(for principal: Principal, now: Timestamp) throws(ServiceError) -> [UInt8] {
        if let known = signed.value(for: principal, now: now) { return known.header }
        let header = try sign(principal, expires: now.adding(seconds: InternalAssertion.lifetimeSeconds))
        let resentUntil = now.adding(seconds: InternalAssertion.lifetimeSeconds - InternalAssertion.renewalSeconds)
        signed.insert(Signed(header: header), for: principal, expires: resentUntil)
        return header
    }

    /// Signs anew.
    func sign(_ principal: Principal, expires: Timestamp) throws(ServiceError) -> [UInt8] {
        let json: Data
        do {
            json = try JSONEncoder().encode(InternalAssertion.Payload(principal: principal, expires: expires.milliseconds))
        } catch {
            throw .internal("a principal cannot be encoded: \(error)")
        }
        let payload = Base64URL.encode(json)
        return payload + [UInt8(ascii: ".")] + Base64URL.encode(InternalAssertion.mac(payload, key: key))
    }
}

/// Verifies the principals that other services signed. One per process; any thread.
public final class AssertionVerifier: Sendable {
    private let key: [UInt8]
    private let verified: TokenCache<TokenKey, Principal>

    /// - Parameter key: `SuiteKeys.assertion`.
    public init(key: [UInt8], entriesMax: Int = 4096) {
        self.key = key
        verified = TokenCache(entriesMax: entriesMax)
    }

    /// The principal of a header's value. One dictionary look-up when the same bytes came before and still hold.
    /// - Throws: `ServiceError.unauthenticated` when it was not signed with the suite's key, is malformed, or has expired.
    public func principal(_ header: ArraySlice<UInt8>, now: Timestamp) throws(ServiceError) -> Principal {
        let key = TokenKey(header)
        if let principal = verified.value(for: key, now: now) { return principal }
        guard let payload = payload(header) else { throw .unauthenticated }
        let expires = Timestamp(milliseconds: payload.expires)
        let latest = now.adding(seconds: InternalAssertion.lifetimeSeconds + InternalAssertion.leewaySeconds)
        guard expires > now, expires <= latest else { throw .unauthenticated }
        verified.insert(payload.principal, for: key.copied, expires: expires)
        return payload.principal
    }

    private func payload(_ header: ArraySlice<UInt8>) -> InternalAssertion.Payload? {
        guard header.count <= InternalAssertion.bytesMax, let dot = header.firstIndex(of: UInt8(ascii: ".")),
            let mac = Base64URL.decode(header[(dot + 1)...]), Digest.equal(mac, InternalAssertion.mac(header[..<dot], key: key)),
            let json = Base64URL.decode(header[..<dot])
        else { return nil }
        // try?: only this suite can have signed it, so one that does not decode is from another version of it; refused like any
        // other.
        return try? JSONDecoder().decode(InternalAssertion.Payload.self, from: Data(json))
    }
}
