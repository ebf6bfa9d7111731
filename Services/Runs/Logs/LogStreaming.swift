import HTTP
import Loops
import Models

/// Sends a run's log to one client, as server-sent events or as lines of JSON.
struct LogStreaming: Sendable {
    enum Format: Sendable {
        case events, lines
    }

    /// A quiet stream of events says so, so that nobody between takes the connection for a dead one.
    static let quietMax = Duration.seconds(15)

    let logs: LogStore
    let run: String
    let format: Format
    /// The last line that the client has had.
    let after: Int64
    /// Waits for more lines until the run has ended.
    let follows: Bool
    /// The run's status as the database says.
    let status: @Sendable () async throws -> RunStatus
    var quietMax = LogStreaming.quietMax

    /// Sends until the run has ended and its lines are sent, the suite ends, or the client goes.
    func send(to writer: any BodyWriter) async throws {
        try await logs.use(run) { log in
            log.watch()
            defer { log.unwatch() }
            // Asked with the log open: a run that ends after this tells the log itself.
            let status = try await status()
            if status.isFinal {
                // Whoever ended it may have left a last line, which is on its way.
                try await logs.settle()
                log.end(as: status)
            }
            var reader = LogReader(log, after: after)
            while true {
                let revision = log.revision
                switch try await reader.next() {
                case .lines(let chunk, let after):
                    try await writer.write(format == .events ? chunk.eventStream(after: after) : chunk.jsonLines(after: after))
                case .ended(let status):
                    if format == .events {
                        try await writer.write(ServerSentEvents.encode(event: "end", data: "{\"status\":\"\(status.rawValue)\"}"))
                    }
                    return
                case .closing:
                    if format == .events, follows {
                        try await writer.write(ServerSentEvents.encode(event: "bye", data: "{\"reason\":\"shutting down\"}"))
                    }
                    return
                case .nothingYet:
                    guard follows else { return }
                    try await log.change(after: revision, within: quietMax)
                    if log.revision == revision, format == .events { try await writer.write(ServerSentEvents.keepAlive) }
                }
            }
        }
    }
}
