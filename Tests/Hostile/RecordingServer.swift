import HTTP
import Loops
import Synchronization

/// Stands behind a proxy and writes down what it is sent. It reads as naive servers do, on its own and not with the parser under
/// test: by the first empty line, `content-length` and `chunked`.
public final class RecordingServer: Sendable {
    /// A request, its head as it came.
    public struct Record: Sendable {
        public let seen: HostileRequest.Seen
        public let head: String

        /// The values of a field, by its exact name in any case.
        public func values(of name: String) -> [String] {
            head.split(separator: "\r\n").dropFirst().compactMap { line in
                guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else { return nil }
                return String(line[line.index(after: colon)...].drop { $0 == " " })
            }
        }
    }

    public let address: SocketAddress
    private let state = Mutex<(records: [Record], faults: [String])>(([], []))

    /// Listens on a port of its own, and answers everything with 200.
    public init(on group: EventLoopGroup) async throws {
        let sockets = try ListeningSockets(on: .tcp(host: "127.0.0.1", port: 0), count: 1)
        address = sockets.address
        let loop = group.loops[0]
        try await loop.task { [self] in
            let listener = try Listener(sockets.descriptors[0], isUnix: false, on: loop) { [weak self] descriptor, _ in
                loop.task {
                    let channel = try Channel(adopting: descriptor, on: loop, isSocket: true)
                    await self?.serve(channel)
                    channel.close()
                }
            }
            // It listens for as long as the test's process lives.
            _ = Unmanaged.passRetained(listener)
        }.value
    }

    /// What has been seen since the last call, and what was wrong with it.
    public func take() -> (records: [Record], faults: [String]) {
        state.withLock { state in
            defer { state = ([], []) }
            return state
        }
    }

    private func serve(_ channel: Channel) async {
        var buffer: [UInt8] = []
        do {
            while true {
                let piece = try await channel.readSome(upTo: 64 * 1024)
                if piece.isEmpty { return }
                buffer += piece
                while let (record, count) = next(in: buffer) {
                    buffer.removeFirst(count)
                    state.withLock { $0.records.append(record) }
                    let content = record.seen.method == "HEAD" ? "" : "ok"
                    try await channel.writeAll(Array("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\(content)".utf8))
                }
            }
        } catch {
            // The proxy has cut the connection: what was sent of a request is none.
        }
    }

    private func next(in buffer: [UInt8]) -> (Record, Int)? {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
        let words = head.split(separator: "\r\n").first?.split(separator: " ") ?? []
        guard words.count == 3, words[2] == "HTTP/1.1" else { return fault("a request line: \(head)") }
        let bare = Record(seen: HostileRequest.Seen(method: String(words[0]), target: String(words[1])), head: head)
        let lengths = bare.values(of: "content-length")
        let codings = bare.values(of: "transfer-encoding")
        guard lengths.count + codings.count <= 1, bare.values(of: "host").count == 1 else { return fault("framing: \(head)") }
        var content: [UInt8] = []
        var index = end.upperBound
        if let length = lengths.first {
            guard let length = Int(length) else { return fault("length: \(head)") }
            guard buffer.count >= index + length else { return nil }
            content = Array(buffer[index..<index + length])
            index += length
        } else if let coding = codings.first {
            guard coding == "chunked" else { return fault("coding: \(head)") }
            while true {
                guard let line = buffer[index...].firstRange(of: [13, 10]) else { return nil }
                guard let size = Int(String(decoding: buffer[index..<line.lowerBound], as: UTF8.self), radix: 16) else {
                    return fault("a chunk's size: \(head)")
                }
                guard buffer.count >= line.upperBound + size + 2 else { return nil }
                content += buffer[line.upperBound..<line.upperBound + size]
                index = line.upperBound + size + 2
                if size == 0 { break }
            }
        }
        let seen = HostileRequest.Seen(method: bare.seen.method, target: bare.seen.target, content: content)
        return (Record(seen: seen, head: head), index)
    }

    private func fault(_ problem: String) -> (Record, Int)? {
        state.withLock { $0.faults.append(problem) }
        return nil
    }
}
