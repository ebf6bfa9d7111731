import Glibc
import HTTP
import Loops
import Synchronization
import Testing

/// A server on a Unix socket that says exactly what a test tells it to say.
final class ScriptedServer: Sendable {
    let path: String
    private let group: EventLoopGroup
    private let accepted = Atomic<Int>(0)

    /// - Parameters:
    ///   - given: the path; one of its own unless given.
    ///   - script: called for each connection, with its number from 1 on; the connection closes when it returns.
    init(_ group: EventLoopGroup, at given: String? = nil, script: @escaping @Sendable (ScriptedPeer, Int) async throws -> Void)
        async throws
    {
        self.group = group
        path = try given ?? temporarySocketPath()
        let sockets = try ListeningSockets(on: .unix(path: path), count: 1)
        let loop = group.loops[0]
        try await loop.task { [self] in
            let listener = try Listener(sockets.descriptors[0], isUnix: true, on: loop) { descriptor, _ in
                let number = self.accepted.wrappingAdd(1, ordering: .relaxed).newValue
                loop.task {
                    let peer = ScriptedPeer(try Channel(adopting: descriptor, on: loop, isSocket: true))
                    try await script(peer, number)
                    peer.channel.close()
                }
            }
            // The kernel keeps the listening socket for as long as the test's process; the test's file is gone at its end.
            _ = Unmanaged.passRetained(listener)
        }.value
    }

    var connectionCount: Int { accepted.load(ordering: .relaxed) }
}

/// The server's end of a connection. Confined to its loop.
final class ScriptedPeer: @unchecked Sendable {  // Confined to its loop's thread.
    let channel: Channel
    private var buffer: [UInt8] = []

    init(_ channel: Channel) { self.channel = channel }

    /// The next request's head, with its empty line; nil at the end.
    func head() async throws -> String? {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = buffer[..<end.upperBound]
                buffer.removeFirst(end.upperBound)
                return String(decoding: head, as: UTF8.self)
            }
            let piece = try await channel.readSome(upTo: 65536)
            if piece.isEmpty { return nil }
            buffer += piece
        }
    }

    /// The next `count` bytes, or fewer at the end.
    func bytes(_ count: Int) async throws -> [UInt8] {
        while buffer.count < count {
            let piece = try await channel.readSome(upTo: 65536)
            if piece.isEmpty { break }
            buffer += piece
        }
        defer { buffer.removeFirst(min(count, buffer.count)) }
        return Array(buffer.prefix(count))
    }

    func say(_ text: String) async throws { try await channel.writeAll(Array(text.utf8)) }
}

/// A path for a socket, in a folder of its own.
func temporarySocketPath() throws -> String {
    var template = Array("/tmp/nexus-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/s"
}

/// Keeps what a streamed response gives.
final class Collector: BodyWriter {
    private let pieces = Mutex<[[UInt8]]>([])
    private let waiter = Mutex<CheckedContinuation<Void, Never>?>(nil)

    func write(_ bytes: [UInt8]) async throws { pieces.withLock { $0.append(bytes) } }

    var bytes: [UInt8] { pieces.withLock { $0.flatMap { $0 } } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension Response {
    /// All of the content.
    func collected() async throws -> [UInt8] {
        switch body {
        case .empty, .upgrade: return []
        case .bytes(let bytes): return bytes
        case .file: return []
        case .stream(let stream):
            let collector = Collector()
            try await stream.produce(collector)
            return collector.bytes
        }
    }

    var isStreamed: Bool { if case .stream = body { true } else { false } }
}

/// A responder made of a closure.
struct Answering: Responder {
    let answer: @Sendable (Request) async -> Response

    func respond(to request: Request) async -> Response { await answer(request) }
}
