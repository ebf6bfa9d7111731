import Loops
import Testing

@testable import HTTP

/// Small limits, so that a test reaches them soon.
private let tight: WebSocketLimits = {
    var limits = WebSocketLimits()
    limits.frameBytesMax = 1000
    limits.messageBytesMax = 1500
    limits.closeTimeout = .milliseconds(200)
    return limits
}()

/// Answers every request with a WebSocket, or with why not.
private func accepting(
    _ limits: WebSocketLimits = tight, serve: @escaping @Sendable (WebSocket) async -> Void
) -> @Sendable (Request) async -> Response {
    { request in
        do throws(WebSocketHandshake.Refusal) {
            return try WebSocketHandshake.accept(request, limits: limits, serve: serve)
        } catch {
            var response = Response.text(error.message, status: error.status)
            for field in error.headers.fields {
                response.headers.add(
                    String(decoding: error.headers.bytes[field.name], as: UTF8.self),
                    String(decoding: error.headers.bytes[field.value], as: UTF8.self))
            }
            return response
        }
    }
}

/// Sends back what comes.
@Sendable private func echo(_ socket: WebSocket) async {
    while let message = await socket.receive() { await socket.send(message) }
}

@Suite struct WebSocketTests {
    @Test func theHandshakeIsThatOfTheStandard() async throws {
        try await withServer(accepting(serve: echo)) { server in
            let client = try await server.client()
            defer { client.close() }
            try await client.send(WebSocketClient.request())
            let head = try await client.read(until: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(head.contains("sec-websocket-accept: \(WebSocketClient.accept)\r\n"))
            #expect(head.contains("upgrade: websocket\r\n"))
            #expect(head.contains("Connection: Upgrade\r\n"))
            #expect(!head.lowercased().contains("content-length"))
            #expect(!head.lowercased().contains("transfer-encoding"))
        }
    }

    /// Requests that are no opening handshake, each with its answer.
    @Test(arguments: [
        ("Upgrade: websocket\r\n", "", 426), ("keep-alive, Upgrade", "keep-alive", 426), ("GET", "POST", 400),
        ("Version: 13", "Version: 8", 426), ("Version: 13", "Version: 13, 8", 426),
        ("Sec-WebSocket-Version: 13\r\n", "", 426), (WebSocketClient.key, "", 400), (WebSocketClient.key, "dG9vIHNob3J0", 400),
        (WebSocketClient.key, "dGhlIHNhbXBsZSBub25jZ!==", 400),
        ("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key", 400),
        ("HTTP/1.1", "HTTP/1.0", 400), ("Host", "Content-Length: 1\r\nHost", 400),
    ])
    func whatIsNoOpeningHandshakeIsRefused(_ wanted: String, _ instead: String, _ status: UInt16) async throws {
        let request = WebSocketClient.request().replacingFirst(wanted, with: instead)
        try await withServer(accepting(serve: echo)) { server in
            let answer = try await server.exchange(request.contains("Content-Length") ? request + "x" : request)
            #expect(answer.status.code == status, "\(answer.text)")
            if status == 426 { #expect(answer.headers["upgrade"] == "websocket") }
            if request.contains("Version: 8") { #expect(answer.headers["sec-websocket-version"] == "13") }
        }
    }

    @Test func messagesGoBothWaysAlsoThoseThatCameWithTheHandshake() async throws {
        try await withServer(accepting(serve: echo)) { server in
            let client = try await WebSocketClient.connect(
                to: server.address, first: clientFrame(1, Array("early".utf8)) + clientFrame(1, [65], isFinal: false))
            defer { client.close() }
            #expect(try await client.frame() == .text("early"))
            try await client.send(clientFrame(9, [1, 2]) + clientFrame(0, [66]))
            #expect(try await client.frame() == .init(opcode: 10, payload: [1, 2]))
            #expect(try await client.frame() == .text("AB"))
            try await client.send(clientFrame(2, [0xFF]))
            #expect(try await client.frame() == .init(opcode: 2, payload: [0xFF]))
            try await client.send(clientFrame(8, [0x03, 0xE8]))
            #expect(try await client.closing() == 1000)
        }
    }

    @Test(
        arguments: [
            ([0x81, 0x00], 1002), (clientFrame(1, [0xFF]), 1007), ([0x82, 0xFE, 0x03, 0xE9], 1009),
            (clientFrame(8, [0x03, 0xED]), 1002),
            (clientFrame(8, [0x0F, 0xA0, 65]), 4000),
        ] as [([UInt8], Int)])
    func theConnectionEndsWithTheCodeThatSaysWhy(_ bytes: [UInt8], _ code: Int) async throws {
        try await withServer(accepting(serve: echo)) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            try await client.send(bytes)
            #expect(try await client.closing() == code)
        }
    }

    @Test func anEmptyCloseIsAnsweredByAnEmptyOne() async throws {
        try await withServer(accepting(serve: echo)) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            try await client.send(clientFrame(8))
            #expect(try await client.frame() == .init(opcode: 8, payload: []))
            try await client.end()
        }
    }

    @Test func aHandlerThatReturnsClosesAndTheClientsLastMessagesArePassedOver() async throws {
        try await withServer(accepting { socket in _ = await socket.receive() }) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            try await client.send(text: "one")
            #expect(try await client.frame().closeCode == 1000)
            try await client.send(clientFrame(1, [65]) + clientFrame(8, [0x03, 0xE8]))
            try await client.end()
        }
    }

    @Test func aClientThatDoesNotCloseIsCutOff() async throws {
        try await withServer(accepting { socket in socket.close(.policyViolation, "no") }) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            let frame = try await client.frame()
            #expect(frame.closeCode == 1008)
            #expect(frame.payload.dropFirst(2).elementsEqual("no".utf8))
            try await client.end()
        }
    }

    @Test func aClientThatDoesNotPongIsClosed() async throws {
        var limits = tight
        limits.pingInterval = .milliseconds(20)
        limits.pongTimeout = .milliseconds(50)
        try await withServer(accepting(limits, serve: echo)) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            for _ in 1...2 {
                #expect(try await client.frame().opcode == 9)
                try await client.send(clientFrame(10))
            }
            #expect(try await client.frame().opcode == 9)
            #expect(try await client.closing() == 1011)
        }
    }

    @Test func theServersEndClosesWithGoingAway() async throws {
        let ended = Signal()
        try await withServer(
            accepting { socket in
                await echo(socket)
                ended.fire()
            }
        ) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            try await client.send(text: "hello")
            #expect(try await client.frame() == .text("hello"))
            let shutdown = server.group.loops[0].task { await server.server.shutdown(within: .seconds(5)) }
            #expect(try await client.frame().closeCode == 1001)
            try await client.send(clientFrame(8, [0x03, 0xE9]))
            try await client.end()
            client.close()
            await shutdown.value
            await ended.wait()
        }
    }

    @Test func theHandlerHearsThatTheClientIsGone() async throws {
        let ended = Signal()
        try await withServer(
            accepting { socket in
                await echo(socket)
                ended.fire()
            }
        ) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            client.close()
            await ended.wait()
        }
    }

    @Test func aSlowReaderIsClosedAtTheLimitAndItsQueueStaysWithinIt() async throws {
        var limits = tight
        limits.queuedBytesMax = 100_000
        let (quiet, queued) = (limits, Shared(0))
        let ended = Signal()
        try await withServer(
            accepting(quiet) { socket in
                let frame = WebSocketFrame.binary([UInt8](repeating: 1, count: 10_000))
                while socket.offer(CollectionOfOne(frame)) {
                    let bytes = socket.queuedBytes
                    queued.withLock { $0 = max($0, bytes) }
                }
                _ = await socket.receive()
                ended.fire()
            }
        ) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            #expect(try await client.closing() == 1013)
            await ended.wait()
            #expect(queued.current > 100_000)
            #expect(queued.current <= 100_000 + 10_004)
        }
    }

    @Test func aClientWhoseMessagesAreNotTakenHasToWait() async throws {
        let taken = Signal()
        try await withServer(
            accepting { socket in
                await taken.wait()
                await echo(socket)
            }
        ) { server in
            let client = try await WebSocketClient.connect(to: server.address)
            defer { client.close() }
            // More than the kernel's buffers hold: the writing must stop before its end.
            let frame = clientFrame(2, [UInt8](repeating: 7, count: 900))
            var sent = 0
            var isFull = false
            while !isFull {
                let count = try frame.withUnsafeBytes { try client.channel.write($0) }
                isFull = count != frame.count
                sent += count ?? 0
                #expect(sent < 64 << 20)
                if sent >= 64 << 20 { return }
            }
            let rest = frame.count - sent % frame.count
            taken.fire()
            try await client.send(Array(frame.suffix(rest % frame.count)))
            #expect(try await client.frame().payload.count == 900)
        }
    }
}

extension String {
    fileprivate func replacingFirst(_ wanted: String, with instead: String) -> String {
        guard let range = firstRange(of: wanted) else { return self }
        return String(self[..<range.lowerBound]) + instead + String(self[range.upperBound...])
    }
}
