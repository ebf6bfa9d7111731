import HTTP
import Loops
import Synchronization

/// Sends requests to other hosts, and to other processes: libcurl's multi interface on the caller's own event loop.
///
/// Connections are pooled for each loop and never change it. Certificates are verified. Cancelling the task that waits ends the
/// transfer.
public final class HTTPClient: Sendable {
    private let home: EventLoop
    private let transfers = Mutex<[ObjectIdentifier: TransferLoop]>([:])

    /// - Parameter loop: where the requests of tasks run that are on no loop.
    public init(on loop: EventLoop) { home = loop }

    /// Sends a request and reads the whole answer, of whatever status.
    /// - Throws: `ClientError`; `CancellationError`.
    public func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let stream = try await open(request, bytesMax: request.responseBytesMax)
        var body: [UInt8] = []
        while let piece = try await stream.next() {
            guard body.count + piece.count <= request.responseBytesMax else {
                throw ClientError.tooLarge(limit: request.responseBytesMax)
            }
            if body.isEmpty { body = piece } else { body += piece }
        }
        return OutboundResponse(status: stream.status, headers: stream.headers, body: body)
    }

    /// Sends a request and gives the answer as soon as its head is there; its content is read piece by piece.
    /// - Throws: `ClientError`; `CancellationError`.
    public func open(_ request: OutboundRequest) async throws -> OutboundStream {
        try await open(request, bytesMax: nil)
    }

    private func open(_ request: OutboundRequest, bytesMax: Int?) async throws -> OutboundStream {
        guard let loop = EventLoop.current else {
            return try await withTaskExecutorPreference(home) { try await self.open(request, bytesMax: bytesMax) }
        }
        let transfer = try Transfer(request, bytesMax: bytesMax, on: try transferLoop(of: loop))
        // The stream owns the transfer from here on: letting go of it, by an error for one, ends the transfer.
        let stream = OutboundStream(transfer)
        try await transfer.start()
        return stream
    }

    private func transferLoop(of loop: EventLoop) throws(ClientError) -> TransferLoop {
        try transfers.withLock { known throws(ClientError) in
            if let found = known[ObjectIdentifier(loop)] { return found }
            let made = try TransferLoop(loop)
            known[ObjectIdentifier(loop)] = made
            return made
        }
    }
}

/// An answer whose content comes piece by piece. Letting go of it before its end closes the connection.
///
/// Read by one task at a time, on any loop.
public final class OutboundStream: Sendable {
    private let transfer: Transfer

    init(_ transfer: Transfer) { self.transfer = transfer }

    deinit { transfer.abandon() }

    public var status: Status { transfer.head.status }
    public var headers: Headers { transfer.head.headers }

    /// The next piece, or nil at the end. No more than a few hundred kilobytes are taken from the peer before they are asked for.
    /// - Throws: `ClientError`; `CancellationError`.
    public func next() async throws -> [UInt8]? {
        if transfer.loop.isCurrent { return try await transfer.next() }
        return try await withTaskExecutorPreference(transfer.loop) { try await transfer.next() }
    }
}
