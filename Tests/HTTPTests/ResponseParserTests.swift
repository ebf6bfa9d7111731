import Testing

@testable import HTTP

@Suite struct ResponseParserTests {
    private func parse(_ text: String, answering method: Method = .get) throws -> ResponseHead? {
        var parser = ResponseParser(answering: method)
        let bytes = Array(text.utf8)
        return try parser.parse(bytes.span.bytes)
    }

    @Test func aHeadSaysHowItsContentEnds() throws {
        let cases: [(String, Method, Framing, Bool)] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .get, .length(5), true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .get, .chunked, true),
            ("HTTP/1.1 200 OK\r\n\r\n", .get, .untilClose, false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", .get, .length(5), false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .head, .none, true),
            ("HTTP/1.1 204 No Content\r\n\r\n", .get, .none, true),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", .get, .none, true),
            ("HTTP/1.1 100 Continue\r\n\r\n", .post, .none, true),
            ("HTTP/1.1 404\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", .get, .length(0), false),
        ]
        for (text, method, framing, keepsAlive) in cases {
            let head = try #require(try parse(text, answering: method))
            #expect(head.framing == framing, "\(text)")
            #expect(head.keepsAlive == keepsAlive, "\(text)")
            #expect(head.byteCount == text.utf8.count)
        }
    }

    @Test(arguments: [
        "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "NOT 1\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 000 No\r\n\r\n",
    ])
    func whatAServerMayNotSendIsABadGateway(_ text: String) {
        #expect { _ = try parse(text) } throws: { ($0 as? HTTPError)?.status == .badGateway }
    }

    @Test func aHeadReadsTheSameWhereverItIsCut() throws {
        let bytes = Array("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\n".utf8)
        for cut in 1..<bytes.count {
            var parser = ResponseParser(answering: .get)
            let first = Array(bytes[..<cut])
            let early = try parser.parse(first.span.bytes)
            #expect(early == nil, "cut at \(cut)")
            let head = try parser.parse(bytes.span.bytes)
            #expect(head?.headers["a"] == "b")
            #expect(head?.framing == .length(3))
        }
    }
}
