import HTTP
import Identity
import Models

@testable import Storage

/// Tokens and cursors: text that a client keeps and gives back.
enum TokenEntries {
    private static let key = [UInt8](repeating: 7, count: 32)
    private static let verifier = JWTVerifier(key: key)
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)
    private static let header = #"{"alg":"HS256","typ":"JWT"}"#

    /// As a token, and as the payload of one that is signed well.
    static func jwt(_ bytes: [UInt8]) throws {
        // try?: every bad token is refused the same way.
        if let claims = try? verifier.verify(bytes[...], now: now) { throw Finding("a token without a key: \(claims)") }
        let signed = Array("\(HTTP.Base64URL.encode(Array(header.utf8))).\(HTTP.Base64URL.encode(bytes))".utf8)
        let mac = HTTP.Base64URL.encode(Digest.hmacSHA256(signed[...], key: key))
        // try?: as above
        guard let claims = try? verifier.verify((signed + Array(".\(mac)".utf8))[...], now: now) else { return }
        let again = try verifier.verify(Array(try JWTSigner(key: key).sign(claims).utf8)[...], now: now)
        let isSame = again.subject == claims.subject && again.memberships == claims.memberships
        try Finding.unless(isSame, "claims: \(claims) \(again)")
    }

    /// As a cursor, and as the values of one whose sums are right.
    static func cursor(_ bytes: [UInt8]) throws {
        try check(String(decoding: bytes, as: UTF8.self))
        var made: [UInt8] = [1] + sum(Array("o".utf8)) + bytes
        made += sum(made)
        try check(HTTP.Base64URL.encode(made))
    }

    private static func check(_ text: String) throws {
        for count in 1...3 {
            // try?: what is no cursor is refused.
            guard let cursor = try? Cursor(text, ordering: "o", count: count) else { continue }
            let again = try Cursor(cursor.text(ordering: "o"), ordering: "o", count: count)
            let isSame = again == cursor || cursor.values.contains { if case .real(let real) = $0 { real.isNaN } else { false } }
            try Finding.unless(isSame, "written it is another cursor: \(cursor.values) \(again.values)")
        }
    }

    /// FNV-1a, as a cursor has it.
    private static func sum(_ bytes: [UInt8]) -> [UInt8] {
        let sum = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(56 - 8 * $0)) }
    }
}
