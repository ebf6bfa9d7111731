import Events
import HTTP
import Models
import Service

/// `GET /approvals-api/stream`: approvals as they are made, decided and commented on, as server-sent events. The id of each is
/// its place
/// in the outbox, so that a client which was away goes on after the last that it has (`Last-Event-ID`, or `?after=`).
struct ApprovalStream: Sendable {
    let store: ApprovalStore
    /// The outbox's last sequence; `ended` when the service drains.
    let feed: Watermark

    static let ended = Int64.max
    static let batchMax = 100
    /// A quiet connection is kept alive this often: proxies close one after 60 s.
    static let keepAlive = Duration.seconds(15)
    /// How long a client waits before it connects again.
    static let retryMilliseconds = 1000

    func stream(_ call: Call) async throws -> Content<StreamMedia> {
        let start = try start(call)
        return Content(
            ServerSentEvents.response { writer in
                try await writer.write(ServerSentEvents.retry(milliseconds: ApprovalStream.retryMilliseconds))
                try await follow(from: start, call, writer)
                try await writer.write(ServerSentEvents.encode(event: "end", data: "{}"))
            })
    }

    /// Where the stream begins: after what the client has, else at the present.
    private func start(_ call: Call) throws -> Int64 {
        let present = call.environment.outbox.last.value
        if let text = call.request.headers["last-event-id"], !text.isEmpty {
            guard let sequence = Int64(text), sequence >= 0 else {
                throw ServiceError.invalid("Last-Event-ID", "must be a number")
            }
            return min(sequence, present)
        }
        if let after = try call.query.integer("after", in: 0...Int.max) { return min(Int64(after), present) }
        return present
    }

    private func follow(from start: Int64, _ call: Call, _ writer: any BodyWriter) async throws {
        var position = start
        while !Task.isCancelled {
            let reached = feed.value
            let from = position
            let rows = try await call.read {
                try store.events(after: from, workspace: call.workspace, limit: ApprovalStream.batchMax, in: $0)
            }
            for row in rows {
                try await writer.write(try encode(row))
                position = row.sequence
            }
            guard rows.isEmpty else { continue }
            if reached == ApprovalStream.ended { return }
            position = max(position, reached)
            if try await feed.wait(past: reached, within: ApprovalStream.keepAlive) == reached {
                try await writer.write(ServerSentEvents.keepAlive)
            }
        }
    }

    private struct Envelope: Decodable {
        let data: RawJSON
    }

    private func encode(_ row: (sequence: Int64, type: String, event: [UInt8])) throws -> [UInt8] {
        let envelope = try JSON.decode(Envelope.self, from: Array("{".utf8) + row.event)
        return ServerSentEvents.encode(event: row.type, id: String(row.sequence), data: envelope.data.bytes)
    }
}
