import Identity
import Models
import Testing

/// A token that must be refused, and why.
struct BadToken: Sendable, CustomTestStringConvertible {
    let why: String
    let token: String

    var testDescription: String { why }

    init(_ why: String, _ token: String) {
        self.why = why
        self.token = token
    }

    static let all = algorithms + headers + signatures + shapes + payloads

    private static func header(_ json: String) -> String { TokenForge.hs256(header: json) }

    private static let unsigned = TokenForge.signed(#"{"alg":"none"}"#, TokenForge.goodPayload)

    private static let algorithms =
        [
            "none", "None", "NONE", "nOnE", "", "hs256", "HS384", "HS512", "RS256", "RS512", "ES256", "ES256K", "PS256", "EdDSA",
            "HS256 ",
        ].map {
            BadToken("alg \"\($0)\" with a good HMAC", header(#"{"alg":"\#($0)"}"#))
        } + [
            BadToken("alg none, no signature", unsigned + "."),
            BadToken("alg none, no third part", unsigned),
            BadToken("alg none, a signature of zeros", TokenForge.joined(unsigned, [UInt8](repeating: 0, count: 32))),
            BadToken("alg nOnE, no signature", TokenForge.signed(#"{"alg":"nOnE"}"#, TokenForge.goodPayload) + "."),
            BadToken("alg a list", header(#"{"alg":["HS256"]}"#)),
            BadToken("alg null", header(#"{"alg":null}"#)),
            BadToken("alg missing", header(#"{"typ":"JWT"}"#)),
            BadToken("alg twice", header(#"{"alg":"none","alg":"HS256"}"#)),
            BadToken("alg twice, once escaped", header(#"{"alg":"HS256","\u0061lg":"HS256"}"#)),
        ]

    private static let headers = [
        BadToken("a critical extension", header(#"{"alg":"HS256","crit":["exp"],"exp":1}"#)),
        BadToken("an unencoded payload", header(#"{"alg":"HS256","b64":false}"#)),
        BadToken("kid a number", header(#"{"alg":"HS256","kid":7}"#)),
        BadToken("header an array", header(#"["HS256"]"#)),
        BadToken("header a string", header(#""HS256""#)),
        BadToken("header empty", header("")),
        BadToken("header cut off", header(#"{"alg":"HS256""#)),
        BadToken("header with bytes after it", header(#"{"alg":"HS256"} x"#)),
        BadToken("header with a trailing comma", header(#"{"alg":"HS256",}"#)),
        BadToken("header in single quotes", header("{'alg':'HS256'}")),
        BadToken("header with a comment", header(#"{"alg":"HS256"/**/}"#)),
        BadToken("header with a byte order mark", header("\u{FEFF}" + TokenForge.goodHeader)),
        BadToken(
            "header nested too deep",
            header(#"{"alg":"HS256","x":"# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40) + "}")),
    ]

    private static let good = TokenForge.hs256()
    private static let parts = good.split(separator: ".").map(String.init)

    private static let signatures = [
        BadToken("another key", TokenForge.hs256(key: [UInt8](repeating: 0x43, count: 32))),
        BadToken("an empty key", TokenForge.hs256(key: [])),
        BadToken("a truncated signature", String(good.dropLast(4))),
        BadToken("an empty signature", "\(parts[0]).\(parts[1])."),
        BadToken("a longer signature", good + "AAAA"),
        BadToken(
            "another token's signature",
            "\(parts[0]).\(parts[1]).\(payload("sub", #""eve""#).split(separator: ".")[2])"),
        BadToken(
            "a payload exchanged", "\(parts[0]).\(Base64URL.string(TokenForge.payload("role", #""owner""#).utf8)).\(parts[2])"),
        BadToken("bits set past the signature's end", String(good.dropLast()) + String(twin(of: good.last ?? "A"))),
    ]

    /// The next character of the alphabet: the same bytes to a lax decoder, since 32 bytes leave two bits unused.
    private static func twin(of character: Character) -> Character {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return alphabet[((alphabet.firstIndex(of: character) ?? 0) + 1) % 64]
    }

    private static let shapes = [
        BadToken("empty", ""),
        BadToken("dots alone", ".."),
        BadToken("four dots", "...."),
        BadToken("one part", parts[0]),
        BadToken("two parts", "\(parts[0]).\(parts[1])"),
        BadToken("four parts", good + ".AAAA"),
        BadToken("a dot after it", good + "."),
        BadToken("a dot before it", "." + good),
        BadToken("padded", good + "="),
        BadToken("a padded header", "\(parts[0])==.\(parts[1]).\(parts[2])"),
        BadToken("base64 of the other alphabet", good + "+/"),
        BadToken("a space after it", good + " "),
        BadToken("a line feed in it", "\(parts[0])\n.\(parts[1]).\(parts[2])"),
        BadToken("a NUL after it", good + "\0"),
        BadToken("huge", TokenForge.hs256(payload: TokenForge.payload("x", "\"" + String(repeating: "x", count: 9000) + "\""))),
        BadToken("the JSON serialization", #"{"protected":"\#(parts[0])","payload":"\#(parts[1])","signature":"\#(parts[2])"}"#),
    ]

    private static func payload(_ name: String, _ value: String?) -> String {
        TokenForge.hs256(payload: TokenForge.payload(name, value))
    }

    private static let payloads = [
        BadToken("expired", payload("exp", "1899999998")),
        BadToken("expired at the epoch", payload("exp", "0")),
        BadToken("no exp", payload("exp", nil)),
        BadToken("exp null", payload("exp", "null")),
        BadToken("exp a string", payload("exp", #""1900000060""#)),
        BadToken("exp negative", payload("exp", "-1")),
        BadToken("exp beyond the calendar", payload("exp", "1e300")),
        BadToken("exp beyond a double", payload("exp", "1e999")),
        BadToken("exp beyond 64 bits", payload("exp", "99999999999999999999")),
        BadToken("not yet valid", payload("nbf", "1900000002")),
        BadToken("nbf a string", payload("nbf", #""1""#)),
        BadToken("issued in the future", payload("iat", "1900000002")),
        BadToken("another audience", payload("aud", #""other""#)),
        BadToken("no audience", payload("aud", nil)),
        BadToken("an empty list of audiences", payload("aud", "[]")),
        BadToken("an audience that begins alike", payload("aud", #""nexus2""#)),
        BadToken("another issuer", payload("iss", #""other""#)),
        BadToken("no issuer", payload("iss", nil)),
        BadToken("no subject", payload("sub", nil)),
        BadToken("an empty subject", payload("sub", #""""#)),
        BadToken("sub a number", payload("sub", "1")),
        BadToken("sub too long", payload("sub", "\"" + String(repeating: "s", count: 300) + "\"")),
        BadToken("a role that is none", payload("role", #""root""#)),
        BadToken("role a list", payload("role", #"["admin"]"#)),
        BadToken("memberships a list", payload("memberships", #"["default"]"#)),
        BadToken("a membership that is none", payload("memberships", #"{"default":"god"}"#)),
        BadToken("workspace a number", payload("workspace", "1")),
        BadToken("exp twice", TokenForge.hs256(payload: String(TokenForge.goodPayload.dropLast()) + #","exp":1900000050}"#)),
        BadToken("payload an array", TokenForge.hs256(payload: "[]")),
        BadToken("payload empty", TokenForge.hs256(payload: "")),
        BadToken("payload with a lone surrogate", payload("name", #""\ud800""#)),
    ]
}
