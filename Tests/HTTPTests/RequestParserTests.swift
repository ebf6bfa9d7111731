import Hostile
import Testing

@testable import HTTP

private let limits = HTTPLimits.hostile

@Suite struct RequestParserTests {
    @Test(arguments: try HostileRequest.all())
    func aRequestReadsTheSameWhereverItIsCut(_ request: HostileRequest) {
        let bytes = request.bytes()
        let whole = Feeder.read([bytes[...]], limits: limits)
        #expect(whole.error == (request.isRefused ? Status(request.answer.status) : nil))
        if !request.isRefused { #expect(whole.rest == 0) }
        let seen = whole.messages.map { message in
            HostileRequest.Seen(method: message.token, target: message.target, content: message.content)
        }
        #expect(seen.prefix(request.seen.count) == request.seen[...])
        // What follows `Connection: close` is parsed here, and is not read by a server.
        if !request.answer.closes || request.isRefused { #expect(seen.count == request.seen.count) }
        let different = (1..<max(2, bytes.count)).filter {
            Feeder.read([bytes[..<$0], bytes[$0...]], limits: limits) != whole
        }
        #expect(different.isEmpty, "cut at these places")
        #expect(Feeder.read((0..<bytes.count).map { bytes[$0..<$0 + 1] }, limits: limits) == whole)
    }

    @Test func theCharacterClassesAreThoseOfTheStandards() {
        let alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        let token = Set((alphanumeric + "!#$%&'*+-.^_`|~").utf8)
        let host = Set((alphanumeric + "-._~%!$&'()*+,;=:[]").utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(Characters.isToken(byte) == token.contains(byte))
            #expect(Characters.isHost(byte) == host.contains(byte))
            #expect(Characters.isTarget(byte) == (byte > 32 && byte < 127 && byte != UInt8(ascii: "#")))
            #expect(Characters.isFieldValue(byte) == (byte == 9 || (byte >= 32 && byte != 127)))
        }
    }

    @Test func theCorpusIsLarge() throws {
        let all = try HostileRequest.all()
        #expect(all.count >= 250)
        #expect(all.filter(\.isRefused).count >= 150)
        #expect(Set(all.map(\.name)).count == all.count)
        for request in all where !request.isRefused { #expect(!request.seen.isEmpty, "\(request)") }
    }

    @Test func goodRequestsReadTheSameWhereverTheyAreCut() {
        let text =
            "GET /a?b=c HTTP/1.1\r\nhost: a:80\r\nX-Empty:\r\nX:  padded \t\r\n\r\n"
            + "\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            + "PUT http://A.example:8080?q HTTP/1.1\r\nHost: a.EXAMPLE:8080\r\nTransfer-Encoding: Chunked\r\n\r\n"
            + "5;name=\"v\"\r\nhello\r\n00B\r\n, everybody\r\n0\r\nTrailer: dropped\r\n\r\n"
            + "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n"
            + "BREW /pot HTTP/1.1\r\nHost: [::1]:80\r\nConnection: keep-alive, Close\r\n\r\n"
            + "GET https://a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            + "GET / HTTP/1.7\r\nHost: a\r\nX: \u{E4}\r\n\r\n"
        let bytes = Array(text.utf8)
        let whole = Feeder.read([bytes[...]])
        #expect(whole.error == nil)
        #expect(whole.rest == 0)
        #expect(whole.messages.map(\.target) == ["/a?b=c", "/b", "/?q", "*", "/pot", "/", "/"])
        #expect(whole.messages.map(\.method) == [.get, .post, .put, .options, .other, .get, .get])
        #expect(whole.messages.map(\.keepsAlive) == [true, true, true, true, false, true, true])
        #expect(whole.messages[0].fields == ["host=a:80", "X-Empty=", "X=padded"])
        #expect(whole.messages[1].content == Array("hello".utf8))
        #expect(whole.messages[2].content == Array("hello, everybody".utf8))
        for cut in 1..<bytes.count { #expect(Feeder.read([bytes[..<cut], bytes[cut...]]) == whole, "cut at \(cut)") }
        #expect(Feeder.read((0..<bytes.count).map { bytes[$0..<$0 + 1] }) == whole)
    }

    @Test func anHTTP10RequestNeedsNoHostAndDoesNotStay() throws {
        var parser = RequestParser()
        let bytes = Array("GET / HTTP/1.0\r\n\r\n".utf8)
        let parsed = try parser.parse(bytes.span.bytes)
        let head = try #require(parsed)
        #expect(head.minorVersion == 0)
        #expect(!head.keepsAlive)
        #expect(head.byteCount == bytes.count)
    }

    @Test func anUnknownMethodKeepsItsTokenAndCaseMatters() throws {
        for token in ["BREW", "get", "GETS", "M-SEARCH"] {
            var parser = RequestParser()
            let bytes = Array("\(token) / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            let parsed = try parser.parse(bytes.span.bytes)
            #expect(parsed?.method == .other)
            #expect(parsed?.otherMethod == token)
        }
    }

    @Test func limitsAllowWhatIsExactlyAtThem() throws {
        let target = "/" + String(repeating: "a", count: limits.targetBytesMax - 1)
        var text = "GET \(target) HTTP/1.1\r\nHost: a\r\n"
        for index in 2..<limits.fieldsMax { text += "X\(index): 1\r\n" }
        text +=
            "Y: " + String(repeating: "b", count: limits.headBytesMax - text.utf8.count - "Y: \r\n\r\n".utf8.count) + "\r\n\r\n"
        let bytes = Array(text.utf8)
        #expect(bytes.count == limits.headBytesMax)
        let reading = Feeder.read([bytes[...]], limits: limits)
        #expect(reading.error == nil)
        #expect(reading.messages.first?.fields.count == limits.fieldsMax)
    }

    @Test func randomDamageNeverTrapsAndNeverHangs() throws {
        var random = SystemRandomNumberGenerator()
        let seeds =
            try HostileRequest.all().map { $0.bytes() }
            + [Array("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8)]
        for _ in 0..<3_000 {
            guard var bytes = seeds.randomElement(using: &random), bytes.count > 1 else { continue }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                default: if bytes.count > 2 { bytes.remove(at: place) }
                }
            }
            let cut = Int.random(in: 1..<bytes.count, using: &random)
            let cutReading = Feeder.read([bytes[..<cut], bytes[cut...]], limits: limits)
            let wholeReading = Feeder.read([bytes[...]], limits: limits)
            #expect(cutReading == wholeReading, "\(bytes)")
        }
    }
}
