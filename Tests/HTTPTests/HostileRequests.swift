import Testing

@testable import HTTP

/// A request that must be refused, whole and in every pair of pieces.
struct HostileRequest: CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let status: Status

    init(_ name: String, _ text: String, _ status: Status = .badRequest) {
        self.init(name, Array(text.utf8), status)
    }

    init(_ name: String, _ bytes: [UInt8], _ status: Status = .badRequest) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    var testDescription: String { name }

    private static func get(_ fields: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }
    private static func post(_ fields: String, _ body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
    }
    private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body) }

    static let all = requestLines + hosts + fields + framings + chunks

    static let requestLines = [
        HostileRequest("no version", "GET /\r\nHost: a\r\n\r\n"),
        HostileRequest("no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a tab for a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a leading space", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a trailing space", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        HostileRequest("a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a control character in the target", "GET /a\u{1}b HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("DEL in the target", "GET /a\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("raw UTF-8 in the target", "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("an asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("authority-form", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        HostileRequest("a version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a version without a minor", "GET / HTTP/1\r\nHost: a\r\n\r\n"),
        HostileRequest("a version with two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
        HostileRequest("HTTP/2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionNotSupported),
        HostileRequest("the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
        HostileRequest("a method with a bad character", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest(
            "an endless method", String(repeating: "A", count: 60) + " / HTTP/1.1\r\nHost: a\r\n\r\n", .notImplemented),
        HostileRequest("a TLS hello", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
        HostileRequest("two empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a line feed first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        HostileRequest("bare CR in the request line", "GET /\rHTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        HostileRequest("an absolute target without a host", "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("an absolute target with user data", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest(
            "a long target", "GET /" + String(repeating: "a", count: 600) + " HTTP/1.1\r\nHost: a\r\n\r\n", .uriTooLong),
        HostileRequest("a target without end", "GET /" + String(repeating: "a", count: 700), .uriTooLong),
    ]

    static let hosts = [
        HostileRequest("no host", "GET / HTTP/1.1\r\n\r\n"),
        HostileRequest("two hosts", get("Host: a")),
        HostileRequest("two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        HostileRequest("a host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        HostileRequest("a host with user data", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        HostileRequest("two hosts in one field", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        HostileRequest("a host that is not the target's", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileRequest("a port that is not the target's", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    static let fields = [
        HostileRequest("space before the colon", get("X : 1")),
        HostileRequest("a tab before the colon", get("X\t: 1")),
        HostileRequest("space before the colon of a length", post("Content-Length : 0")),
        HostileRequest("a folded line", get("X: 1\r\n 2")),
        HostileRequest("a line folded with a tab", get("X: 1\r\n\t2")),
        HostileRequest("a folded first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        HostileRequest("a field without a colon", get("X")),
        HostileRequest("a field without a name", get(": 1")),
        HostileRequest("a name with a bad character", get("X(: 1")),
        HostileRequest(
            "a name with a raw byte", Array("GET / HTTP/1.1\r\nHost: a\r\nX".utf8) + [0xE4] + Array(": 1\r\n\r\n".utf8)),
        HostileRequest("NUL in a value", get("X: a\0b")),
        HostileRequest("bare CR in a value", get("X: a\rb")),
        HostileRequest("bare LF in a value", get("X: a\nY: b")),
        HostileRequest("bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        HostileRequest("a vertical tab in a value", get("X: a\u{B}b")),
        HostileRequest("DEL in a value", get("X: a\u{7F}b")),
        HostileRequest("too many fields", get((0..<21).map { "X\($0): 1" }.joined(separator: "\r\n")), .headTooLarge),
        HostileRequest(
            "a large head", get((0..<10).map { "X\($0): \(String(repeating: "a", count: 220))" }.joined(separator: "\r\n")),
            .headTooLarge),
        HostileRequest(
            "a head without end", get("X: " + String(repeating: "a", count: 2_100)).replacing("\r\n\r\n", with: ""), .headTooLarge
        ),
        HostileRequest("an unknown expectation", post("Expect: miracles"), 417),
    ]

    static let framings = [
        HostileRequest("a length and chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        HostileRequest("chunked and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
        HostileRequest("differing lengths", post("Content-Length: 5\r\nContent-Length: 6", "abcdef")),
        HostileRequest("the same length twice", post("Content-Length: 5\r\nContent-Length: 5", "abcde")),
        HostileRequest("a list of lengths", post("Content-Length: 5, 5", "abcde")),
        HostileRequest("a negative length", post("Content-Length: -1")),
        HostileRequest("a length with a plus", post("Content-Length: +5", "abcde")),
        HostileRequest("a hexadecimal length", post("Content-Length: 0x5", "abcde")),
        HostileRequest("a length with a space in it", post("Content-Length: 1 0", "abcdefghij")),
        HostileRequest("an empty length", post("Content-Length:")),
        HostileRequest("a length that overflows", post("Content-Length: 99999999999999999999")),
        HostileRequest("a length in other digits", post("Content-Length: ５")),
        HostileRequest("a fraction of a length", post("Content-Length: 5.0", "abcde")),
        HostileRequest("chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        HostileRequest("an unknown coding", post("Transfer-Encoding: gzip"), .notImplemented),
        HostileRequest("identity", post("Transfer-Encoding: identity"), .notImplemented),
        HostileRequest("a list of codings", post("Transfer-Encoding: gzip, chunked")),
        HostileRequest("chunked not last", post("Transfer-Encoding: chunked, gzip")),
        HostileRequest("chunked twice", post("Transfer-Encoding: chunked, chunked")),
        HostileRequest("chunked in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        HostileRequest("chunked with a parameter", post("Transfer-Encoding: chunked;q=1")),
        HostileRequest("chunked misspelt with a vertical tab", post("Transfer-Encoding: \u{B}chunked")),
        HostileRequest("an empty coding", post("Transfer-Encoding:")),
        HostileRequest("chunked in quotes", post("Transfer-Encoding: \"chunked\"")),
    ]

    static let chunks = [
        HostileRequest("a size that is no number", chunked("x\r\n")),
        HostileRequest("no size", chunked("\r\n")),
        HostileRequest("a size with 0x", chunked("0x5\r\nabcde\r\n0\r\n\r\n")),
        HostileRequest("a negative size", chunked("-5\r\nabcde\r\n")),
        HostileRequest("a size with a plus", chunked("+5\r\nabcde\r\n")),
        HostileRequest("a size with a leading space", chunked(" 5\r\nabcde\r\n")),
        HostileRequest("a size with a trailing space", chunked("5 \r\nabcde\r\n")),
        HostileRequest("a size that overflows", chunked("FFFFFFFFFFFFFFFFF\r\n")),
        HostileRequest("a size of many zeros", chunked("0000000000000000000005\r\nabcde\r\n")),
        HostileRequest("bare LF after a size", chunked("5\nabcde\r\n0\r\n\r\n")),
        HostileRequest("bare CR after a size", chunked("5\rabcde\r\n0\r\n\r\n")),
        HostileRequest("a chunk longer than its size", chunked("5\r\nabcdef\r\n0\r\n\r\n")),
        HostileRequest("a chunk without its CR LF", chunked("5\r\nabcde0\r\n\r\n")),
        HostileRequest("a chunk that ends in LF", chunked("5\r\nabcde\n0\r\n\r\n")),
        HostileRequest("a control character in an extension", chunked("5;a\u{1}\r\nabcde\r\n0\r\n\r\n")),
        HostileRequest("bare LF in an extension", chunked("5;a\nb\r\nabcde\r\n0\r\n\r\n")),
        HostileRequest("a long extension", chunked("5;" + String(repeating: "a", count: 300) + "\r\n")),
        HostileRequest("many extensions", chunked(String(repeating: "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n", count: 10))),
        HostileRequest("a folded trailer", chunked("0\r\nX: 1\r\n 2\r\n\r\n")),
        HostileRequest("a control character in a trailer", chunked("0\r\nX: \u{1}\r\n\r\n")),
        HostileRequest("bare LF after a trailer", chunked("0\r\nX: 1\n\r\n")),
        HostileRequest("bare LF ends the trailer", chunked("0\r\n\n")),
        HostileRequest("a trailer without end", chunked("0\r\n" + String(repeating: "X: 1\r\n", count: 60))),
    ]
}
