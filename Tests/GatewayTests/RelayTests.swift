import HTTP
import Hostile
import Loops
import Models
import Service
import Synchronization
import Testing

@testable import Gateway

/// Answers of an upstream, good and hostile, through the gateway.
@Suite(.timeLimit(.minutes(2))) struct RelayTests {
    /// Says to each request what its target's last segment stands for, and counts its connections.
    private final class Upstream: Sendable {
        let address: SocketAddress
        private let connections = Atomic<Int>(0)

        init(on loop: EventLoop, answers: [String: String]) async throws {
            let sockets = try ListeningSockets(on: .tcp(host: "127.0.0.1", port: 0), count: 1)
            address = sockets.address
            try await loop.task { [self] in
                let listener = try Listener(sockets.descriptors[0], isUnix: false, on: loop) { [weak self] descriptor, _ in
                    self?.connections.wrappingAdd(1, ordering: .relaxed)
                    loop.task {
                        let channel = try Channel(adopting: descriptor, on: loop, isSocket: true)
                        defer { channel.close() }
                        var buffer: [UInt8] = []
                        while true {
                            let piece = try await channel.readSome(upTo: 65536)
                            if piece.isEmpty { return }
                            buffer += piece
                            while let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                                let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                                buffer.removeFirst(end.upperBound)
                                let target = head.split(separator: " ")[1]
                                let answer = answers[String(target.split(separator: "/").last ?? "")] ?? RelayTests.good
                                // What is cut off says so, by closing.
                                let isWhole = !answer.hasSuffix("<END>")
                                let text = isWhole ? answer : String(answer.dropLast(5))
                                try await channel.writeAll(Array(text.utf8))
                                if !isWhole { return }
                            }
                        }
                    }
                }
                // It listens for as long as the test's process lives.
                _ = Unmanaged.passRetained(listener)
            }.value
        }

        var connectionCount: Int { connections.load(ordering: .relaxed) }
    }

    private static let good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"

    /// What a client gets that asks for each of `names`, in one pipeline; and how many connections the upstream has had.
    private func exchange(
        _ answers: [String: String], _ names: [String], method: String = "GET", version: String = "1.1"
    ) async throws -> (text: String, connections: Int) {
        let bench = try await GatewayBench()
        // One loop, so that all requests draw on one pool.
        let group = try EventLoopGroup(count: 1)
        let upstream = try await Upstream(on: group.loops[0], answers: answers)
        bench.base.directory.connect(.webhooks, to: .socket(upstream.address))
        let server = HTTPServer(group: group, responder: bench.gateway) { ErrorRendering.response($0, requestID: nil) }
        let address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        var text = ""
        for (index, name) in names.enumerated() {
            let end = index == names.count - 1 ? "close" : "keep-alive"
            text += "\(method) /webhooks-api/ci/\(name) HTTP/\(version)\r\nHost: a\r\nConnection: \(end)\r\n\r\n"
        }
        let bytes = Array(text.utf8)
        let exchange: Task<[UInt8], any Error> = group.loops[0].task {
            try await RawExchange.everything(answering: bytes, from: address)
        }
        let result = await exchange.result
        await group.loops[0].task { await server.shutdown(within: .seconds(1)) }.value
        await bench.stop()
        group.shutdown()
        return (String(decoding: try result.get(), as: UTF8.self), upstream.connectionCount)
    }

    private static let ok = "HTTP/1.1 200 OK\r\n"

    /// What no server may send: RFC 9112 §6.3, §5, §2.2, §4, §7.1.
    static let bad: [(name: String, answer: String)] = [
        ("a length and chunked", ok + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("two lengths", ok + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
        ("the same length twice", ok + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"),
        ("a list of lengths", ok + "Content-Length: 4, 4\r\n\r\nabcd"),
        ("a length with a plus", ok + "Content-Length: +4\r\n\r\nabcd"),
        ("a length that overflows", ok + "Content-Length: 18446744073709551620\r\n\r\nabcd"),
        ("an unknown coding", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("a size that is no number", ok + "Transfer-Encoding: chunked\r\n\r\ng\r\n"),
        ("a size that overflows", ok + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n"),
        ("a chunk that is too long", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n"),
        ("bare LF", "HTTP/1.1 200 OK\nContent-Length: 4\n\nabcd"),
        ("bare CR", ok + "X: a\rSet-Cookie: b\r\nContent-Length: 4\r\n\r\nabcd"),
        ("a folded line", ok + "X: a\r\n b\r\nContent-Length: 4\r\n\r\nabcd"),
        ("space before a colon", ok + "Content-Length : 4\r\n\r\nabcd"),
        ("NUL in a value", ok + "X: a\0b\r\nContent-Length: 4\r\n\r\nabcd"),
        ("another protocol", "HTTP/2 200\r\n\r\n"), ("no status", "HTTP/1.1 OK\r\n\r\n"), ("no HTTP", "hello\r\n\r\n"),
        ("a switch that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        ("interim responses without end", String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 20)),
        ("a head that breaks off", ok + "Content-Le<END>"), ("nothing", "<END>"),
    ]

    @Test(arguments: RelayTests.bad.indices)
    func whatNoServerMaySendIs502AndItsConnectionIsNotUsedAgain(_ index: Int) async throws {
        let (name, answer) = RelayTests.bad[index]
        let (text, connections) = try await exchange(["first": answer], ["warm", "first", "next"])
        let statuses = try RawExchange.statuses(in: Array(text.utf8), to: ["GET", "GET", "GET"])
        #expect(statuses == [200, 502, 200], "\(name): \(text)")
        #expect(text.hasSuffix("good"), "\(name): \(text)")
        // An upstream that closes without a word has closed an idle connection: the request is tried once more.
        #expect(connections == (name == "nothing" ? 3 : 2), "\(name)")
    }

    @Test func contentThatBreaksOffIsNeverMadeWhole() async throws {
        let answers = [
            "length": Self.ok + "Content-Length: 10\r\n\r\nabcd<END>",
            "chunks": Self.ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n<END>",
        ]
        for name in answers.keys {
            let (text, _) = try await exchange(answers, [name, "next"])
            #expect(text.hasPrefix("HTTP/1.1 502") || !text.contains("good"), "\(name): \(text)")
            #expect(!text.hasSuffix("0\r\n\r\n"), "\(name): \(text)")
        }
    }

    @Test func whatAnUpstreamSaysTooMuchReachesNobody() async throws {
        let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
        for answer in [
            Self.good + poison, "HTTP/1.1 204 No Content\r\n\r\n" + poison,
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n" + poison,
            Self.ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n" + poison,
        ] {
            let (text, connections) = try await exchange(["first": answer], ["first", "next"])
            #expect(!text.contains("poison"), "\(text)")
            #expect(text.hasSuffix("good"), "\(text)")
            #expect(connections == 2, "\(text)")
        }
    }

    @Test func answersWithoutContentHaveNoneAndNoFraming() async throws {
        let (text, connections) = try await exchange(
            ["a": "HTTP/1.1 204 No Content\r\n\r\n", "b": "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"], ["a", "b", "next"])
        #expect(try RawExchange.statuses(in: Array(text.utf8), to: []) == [204, 304, 200])
        #expect(text.components(separatedBy: "Content-Length").count == 2, "\(text)")
        #expect(!text.contains("Transfer-Encoding"), "\(text)")
        #expect(connections == 1)
    }

    @Test func headSaysWhatGetWouldHaveGiven() async throws {
        let (text, _) = try await exchange(
            ["a": Self.ok + "Content-Length: 4\r\n\r\n", "b": Self.ok + "Transfer-Encoding: chunked\r\n\r\n"], ["a", "b"],
            method: "HEAD")
        #expect(try RawExchange.statuses(in: Array(text.utf8), to: ["HEAD", "HEAD"]) == [200, 200])
        #expect(text.components(separatedBy: "Content-Length: 4\r\n").count == 2, "\(text)")
        #expect(text.components(separatedBy: "Content-Length").count == 2, "\(text)")
        #expect(text.components(separatedBy: "Transfer-Encoding: chunked\r\n").count == 2, "\(text)")
    }

    @Test func interimResponsesGoOnToWhoCanReadThem() async throws {
        let hints =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X\r\nX: 1\r\n\r\n" + Self.good
        let (text, connections) = try await exchange(["a": hints], ["a", "next"])
        #expect(text.hasPrefix("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"), "\(text)")
        #expect(connections == 1)
        let (old, _) = try await exchange(["a": hints], ["a"], version: "1.0")
        #expect(old.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(old)")
    }

    @Test func fieldsOfTheUpstreamsConnectionStayThere() async throws {
        let answer =
            Self.ok + "Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nTrailer: X-T\r\n"
            + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-End: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "4\r\nabcd\r\n0\r\nX-T: 1\r\n\r\n"
        let (text, connections) = try await exchange(["a": answer], ["a", "next"])
        #expect(text.hasSuffix("good"), "\(text)")
        let head = text.components(separatedBy: "\r\n\r\n")[0]
        for name in ["X-Hop", "Keep-Alive", "Upgrade", "Trailer", "Connection", "X-T"] {
            #expect(!head.contains("\r\n\(name):"), "\(name): \(head)")
        }
        #expect(head.contains("\r\nX-End: 2"), "\(head)")
        #expect(head.contains("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT"), "\(head)")
        #expect(!text.contains("X-T"), "\(text)")
        #expect(connections == 2)
    }

    @Test func chunksOfUnknownLengthEndWithTheConnectionOfAnOldClient() async throws {
        let chunks = String(repeating: "4\r\nabcd\r\n", count: 40_000)
        let answer = Self.ok + "Transfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n"
        let (text, _) = try await exchange(["a": answer], ["a"], version: "1.0")
        let content = text.components(separatedBy: "\r\n\r\n")[1]
        #expect(content.utf8.count == 160_000)
        #expect(!text.contains("Transfer-Encoding"))
        #expect(text.contains("\r\nConnection: close\r\n"))
    }

    @Test func contentIsAskedForOnceTheUpstreamWantsIt() async throws {
        let bench = try await GatewayBench()
        let upstream = try await RecordingServer(on: bench.base.loops)
        bench.base.directory.connect(.webhooks, to: .socket(upstream.address))
        let server = HTTPServer(group: bench.base.loops, responder: bench.gateway) { ErrorRendering.response($0, requestID: nil) }
        let address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        let exchange: Task<String, any Error> = bench.base.loops.next().task {
            let channel = try await Channel.connect(to: address)
            defer { channel.close() }
            let head =
                "POST /webhooks-api/ci HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
                + "Connection: close\r\n\r\n"
            try await channel.writeAll(Array(head.utf8))
            var received = try await channel.readSome(upTo: 4096)
            #expect(String(decoding: received, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
            try await channel.writeAll(Array("abcde".utf8))
            while true {
                let piece = try await channel.readSome(upTo: 4096)
                if piece.isEmpty { return String(decoding: received, as: UTF8.self) }
                received += piece
            }
        }
        let text = try await exchange.value
        #expect(text.hasSuffix("\r\n\r\nok"), "\(text)")
        #expect(upstream.take().records.map(\.seen.content) == [Array("abcde".utf8)])
        await bench.base.loops.next().task { await server.shutdown(within: .seconds(1)) }.value
        await bench.stop()
    }
}
