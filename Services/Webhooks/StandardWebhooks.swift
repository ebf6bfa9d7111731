import HTTP
import Identity
import Models

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Standard Webhooks 1.0: the headers and the signature of what is sent, and of what a CI sends here.
enum StandardWebhooks {
    static let prefix = "whsec_"
    static let secretBytes = 32
    /// How far a message's time may lie from now, either way: older ones may be replays.
    static let toleranceSeconds = 300.0
    /// Signatures of one message that are looked at: a sender that changes its secret sends two.
    static let signaturesMax = 8

    /// A new secret, as both sides write it.
    static func makeSecret() -> String { prefix + Data(SecureRandom.bytes(secretBytes)).base64EncodedString() }

    /// `webhook-id`, `webhook-timestamp` and `webhook-signature` of a message.
    static func sign(_ body: [UInt8], id: String, at time: Timestamp, secret: [UInt8]) -> Headers {
        let seconds = String(time.milliseconds / 1000)
        var headers = Headers()
        headers.add("webhook-id", id)
        headers.add("webhook-timestamp", seconds)
        headers.add("webhook-signature", "v1," + signature(of: body, id: id, seconds: seconds, secret: secret))
        return headers
    }

    /// Whether a message was signed with the secret, lately.
    static func isValid(_ headers: Headers, body: [UInt8], secret: [UInt8], now: Timestamp) -> Bool {
        guard let id = headers["webhook-id"], !id.isEmpty, let stamp = headers["webhook-timestamp"],
            let signatures = headers["webhook-signature"], let seconds = Int64(stamp), (0...1 << 40).contains(seconds),
            abs(now.seconds(since: Timestamp(milliseconds: seconds * 1000))) <= toleranceSeconds
        else { return false }
        let expected = Array(("v1," + signature(of: body, id: id, seconds: stamp, secret: secret)).utf8)
        var isValid = false
        for given in signatures.split(separator: " ").prefix(signaturesMax) where Digest.equal(Array(given.utf8), expected) {
            isValid = true
        }
        return isValid
    }

    private static func signature(of body: [UInt8], id: String, seconds: String, secret: [UInt8]) -> String {
        Data(Digest.hmacSHA256(Array("\(id).\(seconds).".utf8) + body, key: key(of: secret))).base64EncodedString()
    }

    /// The bytes that a secret stands for: base64 after `whsec_`, else those of its own text.
    private static func key(of secret: [UInt8]) -> [UInt8] {
        guard secret.starts(with: prefix.utf8), let key = Data(base64Encoded: Data(secret.dropFirst(prefix.utf8.count))) else {
            return secret
        }
        return Array(key)
    }
}
