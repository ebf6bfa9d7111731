import Loops

/// How far a request's content has been read.
struct RequestContent {
    enum State {
        case end
        case length(Int)
        case chunked(ChunkedDecoder)
        /// The client broke it off, or broke its framing.
        case broken(HTTPError)
    }

    var state = State.end
    /// The client waits for 100 before it sends anything.
    var awaitsContinue = false
    var isBeingPulled = false
    /// Bytes of content that were given to the handler, or dropped.
    var bytesTaken = 0
    /// How fast it comes.
    var rate = TransferRate()
    /// Bytes of memory that are counted as held for it.
    var heldBytes = 0

    var isAtEnd: Bool { if case .end = state { true } else { false } }

    /// Whether what is left can be read and thrown away, so that the connection can go on.
    func isWorthDiscarding(upTo limit: Int) -> Bool {
        if awaitsContinue, !isAtEnd { return false }
        return switch state {
        case .end, .chunked: true
        case .length(let length): length <= limit
        case .broken: false
        }
    }
}

extension Connection {
    /// The content of `head`'s request: whole when it is short and there already, otherwise pulled by the handler.
    func beginContent(of head: RequestHead) -> Body {
        content = RequestContent()
        contentNumber &+= 1
        switch head.framing {
        case .none, .untilClose, .length(0): return .empty
        case .length(let length) where length <= min(input.count, limits.wholeBodyBytesMax):
            content.bytesTaken = length
            return .bytes(input.take(length))
        case .length(let length): content.state = .length(length)
        case .chunked: content.state = .chunked(ChunkedDecoder(limits: limits))
        }
        content.awaitsContinue = head.expectsContinue
        let number = contentNumber
        let length: Int? = if case .length(let length) = head.framing { length } else { nil }
        return .stream(
            BodyStream(
                length: length,
                hold: { [self] count in
                    guard loop.isCurrent else { return }
                    try holdContent(count, number)
                },
                pull: { [self] in
                    if loop.isCurrent { return try await pull(number) }
                    return try await withTaskExecutorPreference(loop) { try await self.pull(number) }
                }))
    }

    /// The content can no longer be read by who holds its stream; a pull that is under way ends.
    func endContent() {
        contentNumber &+= 1
        part.server.admission.letGo(content.heldBytes)
        content.heldBytes = 0
        if content.isBeingPulled {
            content.state = .broken(HTTPError(.badRequest, "body: read after its request has ended", closes: true))
            channel.wakeReader()
        }
    }

    /// Reads and drops what the handler has left. False when that is not worth it: the connection cannot go on.
    func discardRest() async throws -> Bool {
        var left = limits.discardBytesMax
        while !content.isAtEnd {
            guard left > 0, content.isWorthDiscarding(upTo: left) else { return false }
            left -= try await pull(contentNumber)?.count ?? 0
        }
        return true
    }

    /// The next piece of the content of request `number`; nil at its end.
    private func pull(_ number: UInt64) async throws -> [UInt8]? {
        guard !content.isBeingPulled else {
            throw HTTPError(.internalError, "body: read by two tasks at once", closes: true)
        }
        content.isBeingPulled = true
        defer { content.isBeingPulled = false }
        await step()
        while true {
            guard number == contentNumber else {
                throw HTTPError(.badRequest, "body: read after its request has ended", closes: true)
            }
            if let piece = try takeFromInput() { return count(piece) }
            if case .end = content.state { return nil }
            sendContinue()
            do {
                switch try readPiece() {
                case .piece(let piece):
                    content.rate.moved(piece.count)
                    return count(piece)
                case .buffered(let count): content.rate.moved(count)
                case .nothing: try await waitForContent()
                }
            } catch ChannelError.timedOut {
                throw broken(HTTPError(.requestTimeout, "body: took too long", closes: true))
            }
        }
    }

    private func count(_ piece: [UInt8]) -> [UInt8] {
        content.bytesTaken += piece.count
        return piece
    }

    /// - Throws: `ChannelError.timedOut` when nothing comes, or has come too slowly.
    private func waitForContent() async throws {
        let start = loop.milliseconds
        try await channel.waitReadable(bodyTimeout)
        let isFastEnough = content.rate.waited(
            loop.milliseconds - start, window: bodyTimeout.milliseconds, bytesPerSecondMin: bytesPerSecondMin)
        if !isFastEnough { throw ChannelError.timedOut }
    }

    /// Counts bytes of this request's content that a handler gathers; they are let go with the request.
    /// - Throws: `HTTPError` 503 when all that is gathered at the moment is too much.
    private func holdContent(_ bytes: Int, _ number: UInt64) throws(HTTPError) {
        guard number == contentNumber else { return }
        content.heldBytes += bytes
        if part.server.admission.hold(bytes) { return }
        throw HTTPError(.unavailable, "too many bodies are being received at once: try again", closes: true)
    }

    /// A piece of what has been read already.
    private func takeFromInput() throws(HTTPError) -> [UInt8]? {
        switch content.state {
        case .end: return nil
        case .broken(let error): throw error
        case .length(let length):
            guard !input.isEmpty else { return nil }
            let piece = input.take(min(length, Connection.pieceBytesMax))
            content.state = length == piece.count ? .end : .length(length - piece.count)
            return piece
        case .chunked(let decoder):
            guard !input.isEmpty else { return nil }
            return try decodeInput(decoder)
        }
    }

    private func decodeInput(_ decoder: ChunkedDecoder) throws(HTTPError) -> [UInt8]? {
        var decoder = decoder
        var piece: [UInt8] = []
        var cursor = 0
        do throws(HTTPError) {
            try input.withBytes { bytes throws(HTTPError) in
                while piece.count < Connection.pieceBytesMax {
                    guard case .data(let range) = try decoder.next(in: bytes, from: &cursor) else { return }
                    // The pointer is used within the closure only.
                    bytes.extracting(range).withUnsafeBytes { piece.append(contentsOf: $0) }
                }
            }
        } catch {
            throw broken(error)
        }
        input.drop(cursor)
        content.state = decoder.isAtEnd ? .end : .chunked(decoder)
        return piece.isEmpty ? nil : piece
    }

    private enum ReadOutcome {
        case piece([UInt8])
        /// The input has grown.
        case buffered(Int)
        case nothing
    }

    /// Reads from the socket: content of known length straight into a piece, chunks into the input.
    private func readPiece() throws -> ReadOutcome {
        guard case .length(let length) = content.state else {
            guard let count = try input.read(from: channel, lend: part.lendBlock) else { return .nothing }
            if count == 0 { throw broken(Connection.brokenOff) }
            return .buffered(count)
        }
        var isWaiting = false
        // Initialised by the kernel, up to the count that is given back.
        let piece = try [UInt8](unsafeUninitializedCapacity: min(length, Connection.pieceBytesMax)) { memory, count in
            if let read = try channel.read(into: UnsafeMutableRawBufferPointer(memory)) { count = read } else { isWaiting = true }
        }
        if isWaiting { return .nothing }
        if piece.isEmpty { throw broken(Connection.brokenOff) }
        content.state = length == piece.count ? .end : .length(length - piece.count)
        return .piece(piece)
    }

    private static let brokenOff = HTTPError(.badRequest, "body: ended early", closes: true)

    /// A piece that a handler gets is not larger.
    private static let pieceBytesMax = 64 * 1024

    private func broken(_ error: HTTPError) -> HTTPError {
        content.state = .broken(error)
        return error
    }

    /// `100 Continue`, once, when the handler wants the content and the client has been waiting for that.
    private func sendContinue() {
        guard content.awaitsContinue else { return }
        content.awaitsContinue = false
        guard !hasAnswered else { return }
        append { HeadWriter.append("HTTP/1.1 100 Continue\r\n\r\n", to: &$0) }
        flush()
    }
}
