import Loops

@testable import HTTP

/// A WebSocket client that sends whatever frames it is told to, and reads a server's frames. Confined to its loop.
final class WebSocketClient: @unchecked Sendable {  // Confined to its loop's thread.
    struct Frame: Equatable, Sendable {
        let opcode: UInt8
        let payload: [UInt8]

        static func text(_ text: String) -> Frame { Frame(opcode: 1, payload: Array(text.utf8)) }

        /// A close frame's code.
        var closeCode: Int? { opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }
    }

    /// The key and its answer in RFC 6455 §1.3.
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    let channel: Channel
    private var received: [UInt8] = []

    init(_ channel: Channel, received: [UInt8] = []) {
        self.channel = channel
        self.received = received
    }

    static func request(_ path: String = "/", headers: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: nexus\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n\(headers)\r\n"
    }

    /// Connects and shakes hands; `first` is sent together with the request.
    static func connect(to address: ListenAddress, first: [UInt8] = []) async throws -> WebSocketClient {
        let channel = try await TestTLS.connect(to: address)
        try await channel.writeAll(Array(request().utf8) + first, .seconds(20))
        let client = WebSocketClient(channel)
        guard try await client.head().hasPrefix("HTTP/1.1 101 ") else { throw ClientError.ended }
        return client
    }

    func close() { channel.close() }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAll(bytes, .seconds(20)) }

    func send(text: String) async throws { try await send(clientFrame(1, Array(text.utf8))) }

    /// The response's head.
    func head() async throws -> String {
        while true {
            if let range = received.firstRange(of: Array("\r\n\r\n".utf8)) {
                defer { received.removeFirst(range.upperBound) }
                return String(decoding: received[..<range.upperBound], as: UTF8.self)
            }
            try await readMore()
        }
    }

    /// The server's next frame. Throws when it is masked, in fragments, or there is none.
    func frame() async throws -> Frame {
        let start = try await field(0, 2)
        guard start[0] & 0xF0 == 0x80, start[1] & 0x80 == 0 else { throw ClientError.ended }
        var headBytes = 2
        var length = Int(start[1])
        if length >= 126 {
            headBytes += length == 126 ? 2 : 8
            length = try await field(2, headBytes).reduce(0) { $0 << 8 | Int($1) }
        }
        let payload = try await field(headBytes, headBytes + length)
        received.removeFirst(headBytes + length)
        return Frame(opcode: start[0] & 0x0F, payload: payload)
    }

    /// Frames up to the close frame, and then the end of the connection: the close code.
    func closing() async throws -> Int? {
        while true {
            let frame = try await frame()
            guard frame.opcode == 8 else { continue }
            try await end()
            return frame.closeCode
        }
    }

    /// Waits for the end of the connection, and for nothing before it.
    func end() async throws {
        do {
            while true { try await readMore() }
        } catch ClientError.ended {
            if !received.isEmpty { throw ClientError.ended }
        }
    }

    private func field(_ start: Int, _ end: Int) async throws -> [UInt8] {
        while received.count < end { try await readMore() }
        return Array(received[start..<end])
    }

    private func readMore() async throws {
        let piece = try await channel.readSome(upTo: 64 * 1024, .seconds(20))
        if piece.isEmpty { throw ClientError.ended }
        received += piece
    }
}
