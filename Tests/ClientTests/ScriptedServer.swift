import Glibc
import Loops
import Synchronization

/// A request as a scripted server saw it.
struct SeenRequest: Sendable {
    /// The start line and the fields.
    var head: String
    var body: [UInt8]
    /// Which connection it came on, from 0.
    var connection: Int

    var target: String { String(head.split(separator: " ")[1]) }
}

/// A server that does what a test's script says, byte by byte: also what no sound server would.
///
/// The script is called once for each request, with the connection to write to, which stays open for another request unless the
/// script closes it.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (SeenRequest, Channel) async throws -> Void

    let address: SocketAddress
    private let listener: Listener
    private let running: Running
    private let state = Mutex<(connections: Int, requests: [SeenRequest])>((0, []))

    var url: String { "http://\(address)" }
    var requests: [SeenRequest] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }

    /// Called on a loop.
    init(at address: SocketAddress = .tcp(host: "127.0.0.1", port: 0), script: @escaping Script) throws {
        let loop = EventLoop.current!
        let sockets = try ListeningSockets(on: address, count: 1)
        self.address = sockets.address
        // The listener may not capture the server, which it is a part of, before the server is whole.
        let running = Running()
        self.running = running
        var isUnix = false
        if case .unix = address { isUnix = true }
        listener = try Listener(sockets.descriptors[0], isUnix: isUnix, on: loop) { descriptor, _ in
            guard let server = running.server.withLock({ $0 }) else { return _ = Glibc.close(descriptor) }
            loop.task { try await server.serve(try Channel(adopting: descriptor, on: loop, isSocket: true), script) }
        }
        running.server.withLock { $0 = self }
    }

    func stop() {
        listener.close()
        running.server.withLock { $0 = nil }
    }

    private func serve(_ channel: Channel, _ script: Script) async throws {
        defer { channel.close() }
        let connection = state.withLock { state in
            state.connections += 1
            return state.connections - 1
        }
        var received: [UInt8] = []
        while channel.isOpen {
            var end = ScriptedServer.headEnd(received)
            while end == nil {
                let piece = try await channel.readSome(upTo: 65_536)
                if piece.isEmpty { return }
                received += piece
                end = ScriptedServer.headEnd(received)
            }
            let head = String(decoding: received[..<end!], as: UTF8.self)
            let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
                .flatMap { Int($0.dropFirst("content-length: ".count)) }
            while received.count < end! + (length ?? 0) { received += try await channel.readSome(upTo: 65_536) }
            let request = SeenRequest(
                head: head, body: Array(received[end!..<end! + (length ?? 0)]), connection: connection)
            received.removeFirst(end! + (length ?? 0))
            state.withLock { $0.requests.append(request) }
            try await script(request, channel)
        }
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4) where bytes[index..<index + 4].elementsEqual("\r\n\r\n".utf8) { return index + 4 }
        return nil
    }
}

private final class Running: Sendable {
    let server = Mutex<ScriptedServer?>(nil)
}

extension Channel {
    func write(_ text: String) async throws { try await writeAll(Array(text.utf8)) }

    func answer(_ status: String, _ fields: String = "", _ body: String = "") async throws {
        try await write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
    }
}

/// Runs `body` on a loop of its own.
func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value {
    let group = try EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let result = await loop.task { try await body(loop) }.result
    group.shutdown()
    return try result.get()
}
