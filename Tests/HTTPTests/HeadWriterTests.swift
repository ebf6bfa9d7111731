import Hostile
import Testing

@testable import HTTP

/// No value that a handler puts into a field can end the field.
@Suite struct HeadWriterTests {
    private static let hostile = [
        "a\r\nX-Split: 1", "a\nX-Split: 1", "a\rX-Split: 1", "a\0b", "\r\n\r\n<html>", "\u{1}\u{7F}\u{B}",
    ]

    private func written(_ headers: Headers) throws -> ResponseHead {
        var output: [UInt8] = []
        HeadWriter.write(
            Response(.ok, headers: headers), content: .length(0), persistence: .close,
            date: Array("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".utf8), into: &output)
        #expect(!output.contains(0))
        var parser = ResponseParser(answering: .get)
        let parsed = try parser.parse(output.span.bytes)
        let head = try #require(parsed)
        #expect(head.byteCount == output.count, "\(String(decoding: output, as: UTF8.self))")
        return head
    }

    @Test(arguments: hostile)
    func aLineEndInAFieldThatWasAddedIsASpace(_ value: String) throws {
        var headers = Headers()
        headers.add("location", value)
        headers.add("x-request-id", value.utf8)
        headers.set("etag", value)
        headers.add("allow") { $0.append(contentsOf: value.utf8) }
        let head = try written(headers)
        #expect(head.headers.fields.count == 4 + 3)
        #expect(head.headers.count("x-split") == 0)
    }

    @Test(arguments: hostile)
    func aLineEndInAFieldThatWasNeverCheckedIsASpaceToo(_ value: String) throws {
        let bytes = Array("location".utf8) + Array(value.utf8) + Array("x-name".utf8) + Array(value.utf8)
        let end = 8 + value.utf8.count
        let headers = Headers(
            bytes: bytes,
            fields: [Headers.Field(name: 0..<8, value: 8..<end), Headers.Field(name: end..<bytes.count, value: 0..<8)])
        let head = try written(headers)
        #expect(head.headers.fields.count == 2 + 3)
        #expect(head.headers.count("x-split") == 0)
    }

    @Test func goodFieldsAreWrittenAsTheyAre() throws {
        var headers = Headers()
        headers.add("x-a", "b \t c; d=\"é\"")
        #expect(try written(headers).headers["x-a"] == "b \t c; d=\"é\"")
    }

    // It looks at the bytes of the socket itself.
    @Test(.disabled(if: TestTLS.isForAll))
    func aHandlersSplitResponseIsOneResponseOnTheWire() async throws {
        try await withServer { request in
            var headers = Headers()
            headers.add("location", "/\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nX-Split: 1")
            return Response(302, headers: headers)
        } _: { test in
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
            let received = try await RawExchange.everything(answering: bytes, from: test.address)
            #expect(try RawExchange.statuses(in: received, to: ["GET"]) == [302])
        }
    }
}
