import HTTP
import Loops

/// One connection to a server: bytes out, and everything that comes back until its end.
public enum RawExchange {
    /// No answer of a test takes longer.
    private static let timeout = Timeout.seconds(20)

    /// Sends `bytes` and reads to the end of the connection. Called on an event loop.
    public static func everything(answering bytes: [UInt8], from address: SocketAddress) async throws -> [UInt8] {
        let channel = try await Channel.connect(to: address, timeout)
        defer { channel.close() }
        try await channel.writeAll(bytes, timeout)
        var received: [UInt8] = []
        while true {
            let piece = try await channel.readSome(upTo: 64 * 1024, timeout)
            if piece.isEmpty { return received }
            received += piece
        }
    }

    /// The statuses of the final answers in `bytes`, in order.
    /// - Parameter methods: of the requests; those of what follows them count as GET.
    /// - Throws: for what is no response, and for bytes that are left.
    public static func statuses(in bytes: [UInt8], to methods: [String]) throws -> [UInt16] {
        var statuses: [UInt16] = []
        var rest = bytes
        while !rest.isEmpty {
            let method = statuses.count < methods.count ? methods[statuses.count] : "GET"
            var parser = ResponseParser(answering: method == "HEAD" ? .head : .get)
            let view = rest
            guard let head = try parser.parse(view.span.bytes) else { throw Unfinished() }
            rest.removeFirst(head.byteCount)
            if head.status.code >= 200 { statuses.append(head.status.code) }
            switch head.framing {
            case .none: break
            case .length(let length):
                guard rest.count >= length else { throw Unfinished() }
                rest.removeFirst(length)
            case .untilClose: rest = []
            case .chunked:
                var decoder = ChunkedDecoder()
                let view = rest
                var cursor = 0
                while case .data = try decoder.next(in: view.span.bytes, from: &cursor) {}
                guard decoder.isAtEnd else { throw Unfinished() }
                rest.removeFirst(cursor)
            }
        }
        return statuses
    }

    /// A response that breaks off.
    struct Unfinished: Error {}
}
