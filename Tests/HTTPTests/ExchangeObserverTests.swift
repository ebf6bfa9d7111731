import Loops
import Testing

@testable import HTTP

/// What the observer of an answer is told.
@Suite(.timeLimit(.minutes(1)))
struct ExchangeObserverTests {
    /// Keeps what it is told.
    private final class Notes: ExchangeObserver {
        let outcomes = Shared<[ExchangeOutcome]>([])
        let targets = Shared<[String?]>([])
        let hasEnded = Signal()

        func appendFields(to head: inout [UInt8]) { head += Array("X-Noted: yes\r\n".utf8) }

        func exchangeEnded(_ request: Request?, _ outcome: ExchangeOutcome) {
            targets.withLock { $0.append(request.map { String(decoding: $0.target, as: UTF8.self) }) }
            outcomes.withLock { $0.append(outcome) }
            hasEnded.fire()
        }
    }

    private static func noted(_ response: Response, _ notes: Notes) -> Response {
        var response = response
        response.observer = notes
        return response
    }

    @Test func anObserverLearnsOfBytesInAndOutAndAddsFieldsToTheHead() async throws {
        let notes = Notes()
        try await withServer { request in
            _ = try? await request.body.collect(upTo: 1 << 20)  // try?: what cannot be read is not counted
            return Self.noted(.text("twelve bytes"), notes)
        } _: { test in
            let client = try await test.client()
            try await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try await client.answer().headers["x-noted"] == "yes")
            try await client.send(
                "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
            _ = try await client.answer()
            try await client.send("HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.answer(to: .head)
            client.close()
        }
        #expect(notes.targets.current == ["/a", "/b", "/c"])
        #expect(notes.outcomes.current.map(\.bytesIn) == [5, 7, 0])
        #expect(notes.outcomes.current.map(\.bytesOut) == [12, 12, 0])
        #expect(notes.outcomes.current.allSatisfy { !$0.isAborted && $0.status == .ok })
        #expect(notes.outcomes.current.allSatisfy { if case .tcp = $0.peer { true } else { false } })
    }

    @Test func aStreamIsToldOfAtItsEndWithAllThatWasSent() async throws {
        let notes = Notes()
        try await withServer { _ in
            let stream = ResponseStream { writer in
                for _ in 0..<10 { try await writer.write([UInt8](repeating: 65, count: 1000)) }
                #expect(notes.outcomes.current.isEmpty)
            }
            return Self.noted(Response(.ok, body: .stream(stream)), notes)
        } _: { test in
            let answer = try await test.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.content.count == 10_000)
        }
        #expect(notes.outcomes.current.map(\.bytesOut) == [10_000])
        #expect(notes.outcomes.current.map(\.isAborted) == [false])
    }

    @Test func aClientThatLeavesAStreamIsToldOfAsAborted() async throws {
        let notes = Notes()
        try await withServer { _ in
            let stream = ResponseStream(isEndless: true) { writer in
                try await writer.write(Array("first".utf8))
                try await untilCancelled()
            }
            return Self.noted(Response(.ok, body: .stream(stream)), notes)
        } _: { test in
            let client = try await test.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.read(until: "first")
            // Reset, as a client that is killed: a plain close would leave it able to read.
            client.channel.abort()
            client.close()
            await notes.hasEnded.wait()
        }
        #expect(notes.outcomes.current.map(\.isAborted) == [true])
        #expect(notes.outcomes.current.map(\.bytesOut) == [5])
    }

    @Test func theRefusalOfWhatIsNoRequestIsToldOfWithoutOne() async throws {
        let notes = Notes()
        let group = try EventLoopGroup(count: 1)
        let server = HTTPServer(group: group, responder: Handler { _ in Response(.ok) }) {
            Self.noted(.text("no", status: $0.status), notes)
        }
        let address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        try await group.loops[0].task {
            let client = TestClient(channel: try await Channel.connect(to: address))
            try await client.send("NONSENSE\r\n\r\n")
            #expect(try await client.answer().status == .badRequest)
            client.close()
        }.value
        await group.loops[0].task { await server.shutdown(within: .seconds(5)) }.value
        group.shutdown()
        #expect(notes.targets.current == [nil])
        #expect(notes.outcomes.current.map(\.status) == [.badRequest])
        #expect(notes.outcomes.current.map(\.bytesIn) == [0])
    }
}
