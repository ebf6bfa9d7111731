/// Sends a streamed response's content: in chunks, or as it is when its length has been said.
final class ContentWriter: BodyWriter, @unchecked Sendable {  // Confined to its connection's loop, where `write` goes first.
    private let connection: Connection
    private let isChunked: Bool
    /// Bytes still owed of a content whose length has been said.
    private var left: Int?
    private var hasEnded = false

    init(_ connection: Connection, isChunked: Bool, length: Int?) {
        self.connection = connection
        self.isChunked = isChunked
        left = length
    }

    func write(_ bytes: [UInt8]) async throws {
        if connection.loop.isCurrent { return try await send(bytes) }
        try await withTaskExecutorPreference(connection.loop) { try await self.send(bytes) }
    }

    /// Ends the content.
    /// - Throws: when less was written than said: the connection ends, which is how the client learns it.
    func end() throws {
        hasEnded = true
        if let failure = connection.failure { throw failure }
        if let left, left > 0 { throw HTTPContentError.tooShort }
        if isChunked { connection.append { HeadWriter.append("0\r\n\r\n", to: &$0) } }
    }

    private func send(_ bytes: [UInt8]) async throws {
        if bytes.isEmpty { return }
        if let failure = connection.failure { throw failure }
        if hasEnded { throw HTTPContentError.ended }
        if let left {
            guard bytes.count <= left else { throw HTTPContentError.tooLong }
            self.left = left - bytes.count
        }
        connection.append { output in
            if isChunked { HeadWriter.appendChunkSize(bytes.count, to: &output) }
            output.append(contentsOf: bytes)
            if isChunked { HeadWriter.append("\r\n", to: &output) }
        }
        connection.contentBytesSent += bytes.count
        try await connection.drainedUnlessCancelled()
        connection.giveBackOutput()
        await connection.step()
    }
}

/// A handler's content that is not what it said it would be: a bug of the handler's.
enum HTTPContentError: Error {
    case tooShort, tooLong
    /// Written to after its response had ended.
    case ended
}
