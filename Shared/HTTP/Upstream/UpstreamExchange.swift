import Loops

/// One request and its response on one connection. Confined to its loop.
final class UpstreamExchange: @unchecked Sendable {  // Confined to its loop's thread.
    /// A body up to this size goes out in one write with its head.
    private static let joinedBytesMax = 16 * 1024
    /// Of 1xx responses before the final one; nothing here asks for any.
    private static let interimResponsesMax = 8

    let connection: UpstreamConnection
    let pool: UpstreamPool
    private let method: Method
    private let interim: (any InterimWriter)?
    /// The whole request has been sent.
    private(set) var isSent = false
    /// The body is still being sent: however long that takes, the response may come after it.
    private var isSending = false
    private var hasResponse = false
    private var sending: Task<Void, Never>?
    private var isStopped = false
    /// What broke the request's own body.
    private(set) var bodyFailure: (any Error)?

    private init(_ connection: UpstreamConnection, _ pool: UpstreamPool, _ request: Request) {
        self.connection = connection
        self.pool = pool
        method = request.method
        interim = request.interim
    }

    /// Sends `request` and gives the response. The connection goes back to the pool, or is closed, or is held by the response's
    /// stream.
    /// - Throws: `UpstreamError`, `UpstreamConnection.Stale`, `CancellationError`, what the request's body throws. The
    ///   connection is closed then.
    static func run(_ request: Request, on connection: UpstreamConnection, of pool: UpstreamPool) async throws -> Response {
        let exchange = UpstreamExchange(connection, pool, request)
        connection.hasReceived = false
        do {
            if case .stream(let body) = request.body { return try await exchange.runStreaming(request, body) }
            try await exchange.send(request)
            return try await exchange.receive()
        } catch {
            pool.discard(connection)
            throw exchange.explained(error)
        }
    }

    /// Head and body, in one system call as a rule.
    private func send(_ request: Request) async throws {
        var remaining: [UInt8] = []
        var separate: [UInt8] = []
        pool.output.removeAll(keepingCapacity: true)
        RequestHeadWriter.write(request, host: pool.host, into: &pool.output)
        if case .bytes(let bytes) = request.body {
            if bytes.count <= UpstreamExchange.joinedBytesMax { pool.output.append(contentsOf: bytes) } else { separate = bytes }
        }
        let written = try pool.output.withUnsafeBytes { try connection.channel.write($0, more: !separate.isEmpty) } ?? 0
        if written < pool.output.count { remaining = Array(pool.output[written...]) }
        if !remaining.isEmpty { try await write(remaining) }
        if !separate.isEmpty { try await write(separate) }
        isSent = true
    }

    private func write(_ bytes: [UInt8]) async throws {
        do {
            try await connection.channel.writeAll(bytes, pool.limits.progressTimeout)
        } catch ChannelError.timedOut {
            throw UpstreamError.timeout("sending the request")
        }
    }

    /// Sends the body while the response is waited for and read: an upstream may answer before it has read everything. What has
    /// not been sent when the response ends is not sent, and the connection is not used again then.
    private func runStreaming(_ request: Request, _ body: BodyStream) async throws -> Response {
        var head: [UInt8] = []
        RequestHeadWriter.write(request, host: pool.host, into: &head)
        try await write(head)
        isSending = true
        sending = pool.loop.task { await self.sendBody(body) }
        do {
            let response = try await receive()
            if case .stream = response.body, method != .head { return response }
            await stopSending()
            return response
        } catch {
            await stopSending()
            throw error
        }
    }

    /// Returns when nothing of the request's body is being read any more.
    func stopSending() async {
        guard let sending else { return }
        isStopped = true
        if isSending { sending.cancel() }
        await sending.value
        self.sending = nil
    }

    /// Sends no more, some time soon.
    func abandon() {
        isStopped = true
        sending?.cancel()
    }

    private func sendBody(_ body: BodyStream) async {
        do {
            if let length = body.length {
                try await sendCounted(body, length)
            } else {
                try await sendChunked(body)
            }
            isSent = true
        } catch let error where isStopped || UpstreamExchange.isConnectionFailure(error) {
            // Nobody wants the rest; or the upstream has stopped reading, and may have said why.
        } catch {
            bodyFailure = error
            connection.channel.abort()
        }
        isSending = false
        // From now on the wait for the response's head has a limit.
        if !hasResponse { connection.channel.wakeReader() }
    }

    private func sendCounted(_ body: BodyStream, _ length: Int) async throws {
        var remaining = length
        while remaining > 0 {
            guard let piece = try await body.next() else {
                throw HTTPError(.badRequest, "body: shorter than it says", closes: true)
            }
            guard piece.count <= remaining else { throw HTTPError(.badRequest, "body: longer than it says", closes: true) }
            try await write(piece)
            remaining -= piece.count
        }
    }

    private func sendChunked(_ body: BodyStream) async throws {
        var chunk: [UInt8] = []
        while let piece = try await body.next() {
            guard !piece.isEmpty else { continue }
            chunk.removeAll(keepingCapacity: true)
            chunk.append(contentsOf: String(piece.count, radix: 16).utf8)
            chunk.append(contentsOf: [13, 10])
            chunk.append(contentsOf: piece)
            chunk.append(contentsOf: [13, 10])
            try await write(chunk)
        }
        try await write([UInt8(ascii: "0"), 13, 10, 13, 10])
    }

    private func receive() async throws -> Response {
        var parser = ResponseParser(answering: method, limits: pool.limits.http)
        var pending: [UInt8] = []
        var interimCount = 0
        while true {
            let bytes = try await connection.read(into: pool.scratch) { isSending ? .never : pool.limits.headTimeout }
            if bytes.isEmpty { throw ChannelError.hungUp }
            if !pending.isEmpty { pending.append(contentsOf: bytes) }
            var start = 0
            while true {
                // unsafe: both buffers outlive the look at them, in which nothing waits
                let found: Response?? =
                    try pending.isEmpty
                    ? look(UnsafeRawBufferPointer(rebasing: bytes[start...]), &parser, &start)
                    : pending.withUnsafeBytes { try look(UnsafeRawBufferPointer(rebasing: $0[start...]), &parser, &start) }
                guard let found else { break }
                if let response = found { return response }
                interimCount += 1
                guard interimCount <= UpstreamExchange.interimResponsesMax else {
                    throw UpstreamError.protocolError("sent too many interim responses")
                }
            }
            if pending.isEmpty { pending = Array(bytes[start...]) } else { pending.removeFirst(start) }
        }
    }

    /// Parses what has come. Nil when that is not a whole head; nil inside when it was an interim response. Those go on to the
    /// client (RFC 9110 §15.2), but for 100: nobody here has asked for it, since this end tells the client itself.
    private func look(_ bytes: UnsafeRawBufferPointer, _ parser: inout ResponseParser, _ start: inout Int) throws -> Response?? {
        guard var head = try parser.parse(bytes.bytes) else { return nil }
        if head.status.code < 200 {
            if head.status.code == 101 { throw UpstreamError.protocolError("switched protocols unasked") }
            start += head.byteCount
            if head.status.code > 101, let interim {
                HopByHop.strip(&head.headers)
                interim.writeInterim(head.status, head.headers)
            }
            return .some(nil)
        }
        return try response(&head, UnsafeRawBufferPointer(rebasing: bytes[head.byteCount...]))
    }

    /// The response for a head, and for what of the content came with it.
    private func response(_ head: inout ResponseHead, _ rest: UnsafeRawBufferPointer) throws -> Response {
        hasResponse = true
        let (status, framing) = (head.status, head.framing)
        let canBeReused = head.keepsAlive && isSent
        let declared =
            method == .head ? head.headers.value("content-length").flatMap { Int(String(decoding: $0, as: UTF8.self)) } : nil
        var headers = Headers()
        swap(&headers, &head.headers)
        HopByHop.strip(&headers)
        switch framing {
        case .none:
            end(reusing: canBeReused && rest.isEmpty)
            // What a GET would have given is passed on: its length, or that this is not known. Nothing is produced for HEAD.
            let body = method == .head ? ResponseBody.stream(ResponseStream(length: declared) { _ in }) : .empty
            return Response(status, headers: headers, body: body)
        case .length(let length) where rest.count >= length:
            let body = [UInt8](rest[..<length])
            end(reusing: canBeReused && rest.count == length)
            return Response(status, headers: headers, body: .bytes(body))
        case .length, .chunked, .untilClose:
            let content = UpstreamContent(self, framing, keepsAlive: head.keepsAlive, isEndless: isEndless(headers))
            if let whole = try content.begin(rest) { return Response(status, headers: headers, body: .bytes(whole)) }
            return Response(status, headers: headers, body: .stream(content.stream))
        }
    }

    private func end(reusing isReused: Bool) {
        if isReused { pool.release(connection) } else { pool.discard(connection) }
    }

    private func isEndless(_ headers: Headers) -> Bool {
        guard let type = headers.value("content-type") else { return false }
        let essence = type.prefix { $0 != UInt8(ascii: ";") && $0 != 32 }
        return Headers.equalIgnoringCase(essence, UpstreamExchange.eventStream[...])
            || Headers.equalIgnoringCase(essence, UpstreamExchange.lines[...])
    }

    private static let eventStream = Array("text/event-stream".utf8)
    private static let lines = Array("application/x-ndjson".utf8)

    /// What a failure of this exchange is for its caller.
    private func explained(_ error: any Error) -> any Error {
        if let bodyFailure { return bodyFailure }
        switch error {
        case ChannelError.timedOut: return UpstreamError.timeout("waiting for the response's head")
        case let error as HTTPError: return UpstreamError.protocolError(error.message)
        case let error where UpstreamExchange.isConnectionFailure(error):
            if connection.isReused, !connection.hasReceived { return UpstreamConnection.Stale() }
            return UpstreamError.protocolError("closed the connection before it answered")
        default: return error
        }
    }

    static func isConnectionFailure(_ error: any Error) -> Bool {
        switch error {
        case is SystemError, ChannelError.hungUp, ChannelError.closed: true
        default: false
        }
    }
}
