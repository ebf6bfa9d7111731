import HTTP
import Testing

@Suite struct MessageTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func headers(_ name: StaticString, _ values: String...) -> Headers {
        var headers = Headers()
        for value in values { headers.add(name, value.utf8) }
        return headers
    }

    @Test func anEventCannotBeEndedByItsContent() {
        #expect(
            text(ServerSentEvents.encode(event: "log", id: "7", data: "a\nb\r\nc\rd\n")) == """
                id: 7
                event: log
                data: a
                data: b
                data: c
                data: d
                data:\u{20}


                """)
        #expect(
            text(ServerSentEvents.encode(event: "a\nevent: b", id: "1\r\n2\u{0}", data: ""))
                == "id: 1  2 \nevent: a event: b\ndata: \n\n")
        #expect(text(ServerSentEvents.encode(data: "x")) == "data: x\n\n")
    }

    @Test func aStreamOfEventsSaysWhatItIs() {
        let response = ServerSentEvents.response { _ in }
        #expect(response.headers["content-type"] == "text/event-stream")
        guard case .stream(let stream) = response.body else {
            Issue.record("not a stream")
            return
        }
        #expect(stream.isEndless)
        #expect(stream.length == nil)
    }

    @Test func tagsMatchStronglyOrWeakly() {
        let strong = EntityTag("a")
        let weak = EntityTag("a", isWeak: true)
        #expect(strong.description == "\"a\"")
        #expect(weak.description == "W/\"a\"")
        #expect(EntityTag("a\"b c").description == "\"a-b-c\"")
        #expect(headers("if-match", "\"x\", \"a\"").ifMatchHolds(for: strong))
        #expect(headers("if-match", "\"x\"", "\"a\"").ifMatchHolds(for: strong))
        #expect(!headers("if-match", "W/\"a\"").ifMatchHolds(for: strong))
        #expect(!headers("if-match", "\"a\"").ifMatchHolds(for: weak))
        #expect(headers("if-match", "*").ifMatchHolds(for: strong))
        #expect(!headers("if-match", "*").ifMatchHolds(for: nil))
        #expect(!headers("if-match", "a").ifMatchHolds(for: strong))
        #expect(!headers("if-match", "").ifMatchHolds(for: strong))
        #expect(Headers().ifMatchHolds(for: nil))
        #expect(headers("if-none-match", "\"x\",W/\"a\"").ifNoneMatchHits(strong))
        #expect(headers("if-none-match", "*").ifNoneMatchHits(weak))
        #expect(!headers("if-none-match", "*").ifNoneMatchHits(nil))
        #expect(!headers("if-none-match", "\"x\"\"a\"").ifNoneMatchHits(strong))
        #expect(!Headers().ifNoneMatchHits(strong))
    }

    @Test func mediaTypesAreReadWithTheirParameters() {
        let type = MediaType("Multipart/Form-Data; Boundary=\"a;\\\"b\" ; charset=UTF-8;")
        #expect(type?.essence == "multipart/form-data")
        #expect(type?["boundary"] == "a;\"b")
        #expect(type?["charset"] == "UTF-8")
        for text in ["", "text", "text/", "/plain", "text/plain; a", "text/plain; a=", "text/plain; a=\"x", "text/plain x"] {
            #expect(MediaType(text) == nil, "\(text)")
        }
    }

    @Test func theBestOfferIsChosen() {
        let offered = ["text/event-stream", "application/x-ndjson"]
        #expect(Accept.best(of: offered, for: nil) == offered[0])
        #expect(Accept.best(of: offered, for: "application/x-ndjson") == offered[1])
        #expect(Accept.best(of: offered, for: "*/*") == offered[0])
        #expect(Accept.best(of: offered, for: "application/*, text/event-stream;q=0.5") == offered[1])
        #expect(Accept.best(of: offered, for: "text/event-stream;q=0, */*") == offered[1])
        #expect(Accept.best(of: offered, for: "image/png") == nil)
        #expect(Accept.best(of: offered, for: "garbage") == offered[0])
        #expect(Accept.best(of: offered, for: "TEXT/EVENT-STREAM ; q=0.1") == offered[0])
    }

    @Test func base64URLIsStrict() {
        for length in 0...70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 250) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
        for text in ["A", "AA=", "A+", "A/", "AB", "-_9", "AA AA"] { #expect(Base64URL.decode(text) == nil, "\(text)") }
    }

    @Test func percentCodingIsStrict() {
        #expect(PercentCoding.encoded("a b/é~") == "a%20b%2F%C3%A9~")
        #expect(PercentCoding.string(Array("a%20b%2f".utf8)[...]) == "a b/")
        for text in ["%", "%2", "%g0", "%ff"] { #expect(PercentCoding.string(Array(text.utf8)[...]) == nil) }
    }
}
