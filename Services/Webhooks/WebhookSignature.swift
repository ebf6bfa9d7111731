import HTTP
import Identity
import Models

/// Whether a webhook was sent by someone who knows the endpoint's secret. Pure, and in constant time for secrets of one length.
enum WebhookSignature {
    /// - Parameters:
    ///   - body: the bytes as they were received.
    ///   - now: for schemes that sign their time.
    static func isValid(
        _ provider: WebhookProvider, _ headers: Headers, body: [UInt8], secret: [UInt8], now: Timestamp
    ) -> Bool {
        switch provider {
        case .github: isHex(headers["x-hub-signature-256"], prefix: "sha256=", body, secret)
        case .jira: isHex(headers["x-hub-signature"], prefix: "sha256=", body, secret)
        case .plane: isHex(headers["x-plane-signature"], prefix: "", body, secret)
        case .gitlab: isToken(headers["x-gitlab-token"], secret)
        case .ci: StandardWebhooks.isValid(headers, body: body, secret: secret, now: now)
        }
    }

    /// HMAC-SHA-256 of the body in hexadecimal.
    private static func isHex(_ given: String?, prefix: String, _ body: [UInt8], _ secret: [UInt8]) -> Bool {
        guard let given, given.hasPrefix(prefix) else { return false }
        let expected = hex(Digest.hmacSHA256(body, key: secret))
        return Digest.equal(Array(given.dropFirst(prefix.count).lowercased().utf8), expected)
    }

    /// The secret itself; compared by digests, so that not even its length shows.
    private static func isToken(_ given: String?, _ secret: [UInt8]) -> Bool {
        guard let given else { return false }
        return Digest.equal(Digest.sha256(Array(given.utf8)), Digest.sha256(secret))
    }

    static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
