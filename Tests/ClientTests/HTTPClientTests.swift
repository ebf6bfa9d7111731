import Glibc
import HTTP
import Loops
import Testing

@testable import Client

@Suite(.timeLimit(.minutes(1)))
struct HTTPClientTests {
    @Test func aRequestArrivesWholeAndSoDoesItsAnswer() async throws {
        try await onLoop { loop in
            let server = try ScriptedServer { request, channel in
                try await channel.answer(
                    "201 Made", "X-One: 1\r\nX-Empty:\r\n", "echo " + String(decoding: request.body, as: UTF8.self))
            }
            var request = OutboundRequest.json(.post, server.url + "/a?b=c", Array(#"{"x":1}"#.utf8))
            request.headers.add("X-Mine", "yes")
            let response = try await HTTPClient(on: loop).send(request)
            #expect(response.status.code == 201)
            #expect(response.headers["x-one"] == "1")
            #expect(response.headers["x-empty"] == "")
            #expect(response.text == #"echo {"x":1}"#)
            let seen = server.requests[0]
            #expect(seen.head.hasPrefix("POST /a?b=c HTTP/1.1\r\n"))
            #expect(seen.head.contains("X-Mine: yes\r\n"))
            #expect(seen.head.contains("content-type: application/json\r\n"))
            #expect(!seen.head.contains("Expect"))
            server.stop()
        }
    }

    @Test(arguments: [Method.get, .head, .post, .put, .patch, .delete])
    func everyMethodIsSentAsItself(method: Method) async throws {
        try await onLoop { loop in
            let server = try ScriptedServer { _, channel in
                try await channel.write("HTTP/1.1 200 OK\r\nContent-Length: \(method == .head ? 5 : 0)\r\n\r\n")
            }
            let response = try await HTTPClient(on: loop).send(OutboundRequest(method, server.url + "/"))
            #expect(response.isSuccess && response.body.isEmpty)
            #expect(server.requests[0].head.hasPrefix("\(method.name) / "))
            server.stop()
        }
    }

    @Test func connectionsAreKeptAndUsedAgain() async throws {
        try await onLoop { loop in
            let server = try ScriptedServer { _, channel in try await channel.answer("200 OK") }
            let client = HTTPClient(on: loop)
            for _ in 0..<5 { _ = try await client.send(OutboundRequest(.get, server.url)) }
            #expect(server.connections == 1)
            server.stop()
        }
    }

    @Test func aPooledConnectionThatDiedIsReplaced() async throws {
        try await onLoop { loop in
            let server = try ScriptedServer { request, channel in
                try await channel.answer("200 OK", "", "\(request.connection)")
                if request.connection == 0 { channel.close() }
            }
            let client = HTTPClient(on: loop)
            #expect(try await client.send(OutboundRequest(.get, server.url)).text == "0")
            #expect(try await client.send(.json(.post, server.url, [1])).text == "1")
            server.stop()
        }
    }

    @Test func aFileIsSentAsItIs() async throws {
        let path = "/tmp/nexus-client-\(getpid())"
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = try #require(fopen(path, "w"))
        fwrite(content, 1, content.count, file)
        fclose(file)
        defer { unlink(path) }
        try await onLoop { loop in
            let server = try ScriptedServer { request, channel in
                #expect(request.body == content)
                try await channel.answer("204 No Content")
            }
            let client = HTTPClient(on: loop)
            #expect(try await client.send(OutboundRequest(.put, server.url, content: .file(path))).status == .noContent)
            await #expect {
                try await client.send(OutboundRequest(.put, server.url, content: .file("/no/such")))
            } throws: { if case ClientError.invalidRequest = $0 { true } else { false } }
            server.stop()
        }
    }

    @Test func aUnixSocketIsSpokenToWhateverTheHost() async throws {
        let path = "/tmp/nexus-client-\(getpid()).sock"
        defer { unlink(path) }
        try await onLoop { loop in
            let server = try ScriptedServer(at: .unix(path: path)) { _, channel in try await channel.answer("200 OK", "", "unix")
            }
            var request = OutboundRequest(.get, "http://nexus/x")
            request.unixSocket = path
            #expect(try await HTTPClient(on: loop).send(request).text == "unix")
            #expect(server.requests[0].head.contains("Host: nexus\r\n"))
            server.stop()
        }
    }

    @Test func redirectsAreFollowedOnlyWhenAsked() async throws {
        try await onLoop { loop in
            let server = try ScriptedServer { request, channel in
                if request.target == "/a" {
                    try await channel.answer("302 Found", "Location: /b\r\nX-First: 1\r\n", "moved")
                } else {
                    try await channel.answer("200 OK", "", "there")
                }
            }
            let client = HTTPClient(on: loop)
            var request = OutboundRequest(.get, server.url + "/a")
            #expect(try await client.send(request).status == 302)
            request.redirectsMax = 2
            let response = try await client.send(request)
            #expect(response.status == 200 && response.text == "there" && response.headers["x-first"] == nil)
            server.stop()
        }
    }

    @Test func onlyHTTPIsSpoken() async throws {
        try await onLoop { loop in
            for url in ["file:///etc/passwd", "ftp://127.0.0.1/", "not a url", "gopher://127.0.0.1"] {
                await #expect("\(url)") { try await HTTPClient(on: loop).send(OutboundRequest(.get, url)) } throws: {
                    if case ClientError.invalidRequest = $0 { true } else { false }
                }
            }
        }
    }

    @Test func whatGoesWrongIsNamed() async throws {
        try await onLoop { loop in
            let server = try ScriptedServer { request, channel in
                switch request.target {
                case "/large": try await channel.answer("200 OK", "", String(repeating: "x", count: 5000))
                case "/chunked":
                    try await channel.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for _ in 0..<100 { try await channel.write("64\r\n" + String(repeating: "x", count: 100) + "\r\n") }
                case "/short":
                    try await channel.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                    channel.close()
                case "/nothing": channel.close()
                default: break
                }
            }
            let client = HTTPClient(on: loop)
            func failure(_ path: String) async -> ClientError? {
                var request = OutboundRequest(.get, server.url + path)
                request.responseBytesMax = 1000
                request.timeout = .milliseconds(300)
                do { _ = try await client.send(request) } catch { return error as? ClientError }
                return nil
            }
            #expect(await failure("/large") == .tooLarge(limit: 1000))
            #expect(await failure("/chunked") == .tooLarge(limit: 1000))
            if case .connectionLost? = await failure("/short") {} else { Issue.record("short") }
            if case .connectionLost? = await failure("/nothing") {} else { Issue.record("nothing") }
            if case .timedOut? = await failure("/silent") {} else { Issue.record("silent") }
            server.stop()
            // Not the port that the server had: another test's may have got it.
            var nobody = OutboundRequest(.get, "http://nobody/")
            nobody.unixSocket = "/nonexistent/socket"
            do {
                _ = try await client.send(nobody)
                Issue.record("somebody answered")
            } catch ClientError.cannotConnect {}
        }
    }

    @Test func cancellingTheTaskEndsTheTransferAndItsConnection() async throws {
        try await onLoop { loop in
            let (ended, end) = AsyncStream.makeStream(of: Bool.self)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let server = try ScriptedServer { _, channel in
                start.yield()
                end.yield(try await channel.readSome(upTo: 1).isEmpty)
            }
            let client = HTTPClient(on: loop)
            let task = loop.task { try await client.send(OutboundRequest(.get, server.url)) }
            for await _ in started { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            for await wasClosed in ended {
                #expect(wasClosed)
                break
            }
            server.stop()
        }
    }

    @Test func aTaskOnNoLoopIsServedToo() async throws {
        let group = try EventLoopGroup(count: 1)
        let server = try await group.loops[0].task {
            try ScriptedServer { _, channel in try await channel.answer("200 OK", "", "hi") }
        }.value
        let client = HTTPClient(on: group.loops[0])
        #expect(try await client.send(OutboundRequest(.get, server.url)).text == "hi")
        let stream = try await client.open(OutboundRequest(.get, server.url))
        #expect(try await stream.next() == Array("hi".utf8))
        #expect(try await stream.next() == nil)
        await group.loops[0].task { server.stop() }.value
    }

    @Test func manyRequestsRunAtOnce() async throws {
        try await onLoop { loop in
            let server = try ScriptedServer { request, channel in try await channel.answer("200 OK", "", request.target) }
            let client = HTTPClient(on: loop)
            let right = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    group.addTask { try await client.send(OutboundRequest(.get, server.url + "/\(index)")).text == "/\(index)" }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(right == 200)
            server.stop()
        }
    }
}
