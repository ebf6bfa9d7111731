import Loops

/// The content of a response that did not come whole with its head. Holds the connection until the content has ended. Confined
/// to its loop.
final class UpstreamContent: @unchecked Sendable {  // Confined to its loop's thread, but for the deinit, which goes there.
    private let exchange: UpstreamExchange
    private let connection: UpstreamConnection
    private let pool: UpstreamPool
    private let keepsAlive: Bool
    private let isEndless: Bool
    private let length: Int?
    private var rest: Rest
    /// Content that came with the head.
    private var first: [UInt8] = []
    private var isOver = false

    private enum Rest {
        case length(Int)
        case chunked(ChunkedDecoder)
        case untilClose
        case end
    }

    init(_ exchange: UpstreamExchange, _ framing: Framing, keepsAlive: Bool, isEndless: Bool) {
        self.exchange = exchange
        connection = exchange.connection
        pool = exchange.pool
        self.keepsAlive = keepsAlive
        self.isEndless = isEndless
        switch framing {
        case .length(let length): (rest, self.length) = (.length(length), length)
        case .chunked: (rest, length) = (.chunked(ChunkedDecoder(limits: pool.limits.http)), nil)
        case .untilClose: (rest, length) = (.untilClose, nil)
        case .none: (rest, length) = (.end, 0)
        }
    }

    deinit {
        // Nobody has read it to its end, or nobody has read it at all.
        guard !isOver else { return }
        pool.loop.execute { [exchange] in
            exchange.abandon()
            exchange.pool.discard(exchange.connection)
        }
    }

    /// Takes what came with the head. Gives the whole content when that was all of it; the connection is free then.
    func begin(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8]? {
        first = try take(bytes)
        guard case .end = rest else { return nil }
        return first
    }

    /// The rest, piece by piece.
    var stream: ResponseStream {
        ResponseStream(length: length, isEndless: isEndless) { writer in
            do {
                while let piece = try await self.next() { try await writer.write(piece) }
                await self.exchange.stopSending()
            } catch {
                self.giveUp()
                await self.exchange.stopSending()
                throw self.exchange.bodyFailure ?? error
            }
        }
    }

    private func next() async throws -> [UInt8]? {
        if !first.isEmpty {
            defer { first = [] }
            return first
        }
        while true {
            if case .end = rest { return nil }
            if isOver { throw UpstreamError.protocolError("the response was read before") }
            let piece = try await take(receive())
            if !piece.isEmpty { return piece }
        }
    }

    private func receive() async throws -> UnsafeRawBufferPointer {
        do {
            let bytes = try await connection.read(into: pool.scratch) { isEndless ? .never : pool.limits.progressTimeout }
            if !bytes.isEmpty { return bytes }
        } catch ChannelError.timedOut {
            throw UpstreamError.timeout("waiting for more of the response")
        } catch let error where UpstreamExchange.isConnectionFailure(error) {
            throw UpstreamError.protocolError("broke off its response")
        }
        guard case .untilClose = rest else { throw UpstreamError.protocolError("broke off its response") }
        finish(reusing: false)
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// The content in some bytes of the connection. Frees the connection when they hold the end.
    private func take(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        switch rest {
        case .end: return []
        case .untilClose: return [UInt8](bytes)
        case .length(let remaining):
            let count = min(remaining, bytes.count)
            rest = .length(remaining - count)
            let content = [UInt8](bytes[..<count])
            if remaining == count { finish(reusing: count == bytes.count) }
            return content
        case .chunked(var decoder):
            var content: [UInt8] = []
            var cursor = 0
            while true {
                switch try step(&decoder, bytes, &cursor) {
                case .data(let range): content.append(contentsOf: bytes[range])
                case .needsMore:
                    rest = .chunked(decoder)
                    return content
                case .end:
                    finish(reusing: cursor == bytes.count)
                    return content
                }
            }
        }
    }

    private func step(
        _ decoder: inout ChunkedDecoder, _ bytes: UnsafeRawBufferPointer, _ cursor: inout Int
    ) throws -> ChunkedDecoder.Step {
        do {
            return try decoder.next(in: bytes.bytes, from: &cursor)
        } catch {
            throw UpstreamError.protocolError(error.message)
        }
    }

    private func finish(reusing isReusable: Bool) {
        rest = .end
        guard !isOver else { return }
        isOver = true
        if isReusable, keepsAlive, exchange.isSent { pool.release(connection) } else { pool.discard(connection) }
    }

    private func giveUp() {
        guard !isOver else { return }
        isOver = true
        pool.discard(connection)
    }
}
