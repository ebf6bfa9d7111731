import HTTP
import Loops
import Models
import Service

/// A client of `/ws` that sends commands and reads what comes. Confined to its loop.
final class SocketClient: @unchecked Sendable {  // Confined to its loop's thread.
    enum Problem: Error { case ended, refused(String) }

    private let channel: Channel
    private var received: [UInt8] = []

    private init(_ channel: Channel) { self.channel = channel }

    /// Opens a WebSocket; throws what the gateway answers instead of one.
    static func open(
        _ address: SocketAddress, _ path: String = "/ws", bearer: String? = nil, headers: [(String, String)] = []
    ) async throws -> SocketClient {
        let client = SocketClient(try await Channel.connect(to: address))
        var fields = headers
        if let bearer { fields.append(("Authorization", "Bearer " + bearer)) }
        let head =
            "GET \(path) HTTP/1.1\r\nHost: nexus.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
        try await client.channel.writeAll(Array(head.utf8), .seconds(20))
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = client.received.firstRange(of: end) {
                let answer = String(decoding: client.received[..<range.upperBound], as: UTF8.self)
                client.received.removeFirst(range.upperBound)
                guard answer.hasPrefix("HTTP/1.1 101 ") else {
                    client.close()
                    throw Problem.refused(answer)
                }
                return client
            }
            try await client.readMore()
        }
    }

    func close() { channel.close() }

    /// Sends a text frame, masked by nothing but zeros.
    func send(_ text: String) async throws { try await send(opcode: 1, Array(text.utf8)) }

    func send(opcode: UInt8, _ payload: [UInt8]) async throws {
        var frame = [0x80 | opcode]
        if payload.count < 126 {
            frame.append(0x80 | UInt8(payload.count))
        } else {
            frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        }
        try await channel.writeAll(frame + [0, 0, 0, 0] + payload, .seconds(20))
    }

    /// Says something and gives the answer to it.
    func ask(_ text: String) async throws -> JSONValue {
        try await send(text)
        return try await next()
    }

    func subscribe(_ channel: String) async throws -> JSONValue {
        try await ask("{\"type\":\"subscribe\",\"channel\":\"\(channel)\"}")
    }

    /// The next message.
    func next() async throws -> JSONValue {
        let frame = try await frame()
        guard frame.opcode == 1 else { throw Problem.ended }
        return try JSON.decode(JSONValue.self, from: frame.payload)
    }

    /// The code that the gateway closes with, after whatever comes before.
    func closeCode() async throws -> Int {
        while true {
            let frame = try await frame()
            if frame.opcode == 8, frame.payload.count >= 2 { return Int(frame.payload[0]) << 8 | Int(frame.payload[1]) }
        }
    }

    private func frame() async throws -> (opcode: UInt8, payload: [UInt8]) {
        while received.count < 2 { try await readMore() }
        var headBytes = 2
        var length = Int(received[1])
        if length >= 126 {
            headBytes += length == 126 ? 2 : 8
            while received.count < headBytes { try await readMore() }
            length = received[2..<headBytes].reduce(0) { $0 << 8 | Int($1) }
        }
        while received.count < headBytes + length { try await readMore() }
        defer { received.removeFirst(headBytes + length) }
        return (received[0] & 0x0F, Array(received[headBytes..<(headBytes + length)]))
    }

    private func readMore() async throws {
        let piece = try await channel.readSome(upTo: 64 * 1024, .seconds(20))
        if piece.isEmpty { throw Problem.ended }
        received += piece
    }
}
