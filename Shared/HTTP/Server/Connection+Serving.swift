import Glibc
import Loops

extension Connection: InterimWriter {
    func writeInterim(_ status: Status, _ headers: Headers) {
        guard !hasAnswered, failure == nil, (102..<200).contains(status.code) else { return }
        append { HeadWriter.writeInterim(status, headers, into: &$0) }
        flush()
    }
}

extension Connection {
    /// Has one request answered. False when the connection ends after it.
    func serve(_ head: RequestHead) async throws -> Bool {
        phase = .handling
        // Answers to earlier requests are not held back by a handler that takes its time.
        if !output.isEmpty { scheduleFlush() }
        var request = Request(
            method: head.method, target: head.target, headers: head.headers, body: beginContent(of: head), peer: peer,
            otherMethod: head.otherMethod, tls: tlsPeer)
        request.minorVersion = head.minorVersion
        if head.minorVersion > 0 { request.interim = self }
        let response: Response
        if part.beginRequest() {
            response = await part.server.responder.respond(to: request)
            part.requestAnswered()
        } else {
            response = overloaded()
        }
        let goesOn: Bool
        do {
            goesOn = try await send(response, to: head)
        } catch {
            tell(response, request, hasFailed: true)
            throw error
        }
        tell(response, request, hasFailed: false)
        defer { endContent() }
        if content.isAtEnd { return goesOn }
        guard goesOn, !content.isBeingPulled else { return false }
        try await drained()
        return try await discardRest()
    }

    /// The answer to a request for which there is no room.
    private func overloaded() -> Response {
        var response = part.server.renderError(HTTPError(.unavailable, "too many requests at once: try again"))
        response.headers.set("retry-after", "1")
        return response
    }

    /// Sends a response; a streamed one is produced here. True when the connection can take another request.
    /// - Parameter head: the request's; nil answers what was no request, and ends the connection.
    @discardableResult
    func send(_ response: Response, to head: RequestHead?) async throws -> Bool {
        hasAnswered = true
        contentBytesSent = 0
        var keeps = head?.keepsAlive ?? false
        if part.isDraining || !content.isWorthDiscarding(upTo: limits.discardBytesMax) { keeps = false }
        let isBare = response.status.forbidsBody || head?.method == .head
        switch response.body {
        case .empty:
            writeHead(response, response.status.forbidsBody ? .unsaid : .length(0), keeps, head)
        case .bytes(let bytes):
            writeHead(response, response.status.forbidsBody ? .unsaid : .length(bytes.count), keeps, head)
            if !isBare {
                output.appendBody(bytes)
                contentBytesSent = bytes.count
            }
            if !output.takesMore { try await drained() }
        case .file(let region):
            return try await send(region, of: response, isBare, keeps, head)
        case .stream(let stream):
            return try await send(stream, of: response, isBare, keeps, head)
        case .upgrade(let upgrade):
            return try await send(upgrade, of: response, to: head)
        }
        return keeps
    }

    /// Sent of a file before others on the loop have a turn.
    private static let filePieceBytesMax = 256 * 1024

    private func writeHead(_ response: Response, _ content: HeadWriter.Content, _ keeps: Bool, _ head: RequestHead?) {
        let persistence: HeadWriter.Persistence = keeps ? (head?.minorVersion == 0 ? .keepAlive : .implied) : .close
        let date = part.date.line()
        append { HeadWriter.write(response, content: content, persistence: persistence, date: date, into: &$0) }
    }

    private func send(
        _ stream: ResponseStream, of response: Response, _ isBare: Bool, _ keeps: Bool, _ head: RequestHead?
    ) async throws -> Bool {
        let isOld = head?.minorVersion == 0
        let endsWithConnection = stream.length == nil && isOld && !isBare
        let keeps = keeps && !endsWithConnection && !stream.isEndless || keeps && isBare
        let framing: HeadWriter.Content =
            if let length = stream.length { .length(length) } else if isOld { .unsaid } else { .chunked }
        writeHead(response, response.status.forbidsBody ? .unsaid : framing, keeps, head)
        if isBare { return keeps }
        scheduleFlush()
        if stream.isEndless {
            phase = .endless
            // It may be quiet for hours, and holds no memory meanwhile.
            part.takeBack(input.release())
            if channel.isPeerShutDown || part.isDraining { cancelTask() }
        }
        let isChunked = if case .chunked = framing { true } else { false }
        let writer = ContentWriter(self, isChunked: isChunked, length: stream.length)
        do {
            try await stream.produce(writer)
        } catch is CancellationError where stream.isEndless && failure == nil {
            // It was told to end, and has.
        }
        if stream.isEndless { phase = .handling }
        try writer.end()
        return keeps
    }

    private func send(
        _ region: FileRegion, of response: Response, _ isBare: Bool, _ keeps: Bool, _ head: RequestHead?
    ) async throws -> Bool {
        // Opening and sending touch the disk on the loop; files that are served are few and in the page cache.
        let file = open(region.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return try await send(part.server.renderError(HTTPError(.notFound, "no such file")), to: head) }
        defer { Glibc.close(file) }
        writeHead(response, response.status.forbidsBody ? .unsaid : .length(region.length), keeps, head)
        if isBare { return keeps }
        var offset = region.offset
        let end = region.offset + region.length
        try await drained(more: region.length > 0)
        while offset < end {
            if let failure { throw failure }
            guard let count = try channel.sendFile(file, offset: offset, count: min(end - offset, Connection.filePieceBytesMax))
            else {
                waitForRoom(taken: 0)
                try await channel.waitWritable(cancellable: false)
                continue
            }
            if reader.isWaitedFor { reader.taken += count }
            // The file has become shorter than its head says: only an early end tells the client.
            if count == 0 { throw ChannelError.closed }
            offset += count
            contentBytesSent += count
            await step()
        }
        stopWaitingForRoom()
        return keeps
    }
}
