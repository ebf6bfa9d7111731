import HTTP
import Models
import Service
import Storage

/// The lines of runs: written by agents, watched by everybody else.
struct LogHandlers: Sendable {
    let transitions: RunTransitions
    let logs: LogStore

    /// Takes lines; those already had are passed over. Returns once they are durable.
    func append(_ call: Call, body: LogBatch) async throws -> Reply<LogBatchAnswer> {
        let binding = try call.binding()
        try LogLimits.check(body)
        for (index, line) in body.lines.enumerated() {
            if let fields = line.fields, try JSON.encode(fields).count > LogLimits.fieldsBytesMax {
                throw ServiceError.invalid("lines[\(index)].fields", "must have at most \(LogLimits.fieldsBytesMax) bytes")
            }
        }
        let next = try await logs.append(body.lines, to: binding.runID, attempt: binding.attempt) {
            _ = try await call.read { try transitions.work.fence(binding.runID, attempt: binding.attempt, in: $0) }
        }
        return Reply(LogBatchAnswer(next: next))
    }

    /// The run's lines: `text/event-stream`, or a JSON line each for `Accept: application/x-ndjson`. `Last-Event-ID` or `after`
    /// resumes.
    func stream(_ call: Call) async throws -> Content<StreamMedia> {
        let id = try call.ownRunID()
        let workspace = call.workspace
        let runs = transitions.runs
        _ = try await call.read { try runs.run(id, in: workspace, $0) }
        let after = try resumePoint(call)
        let follows = try call.query.bool("follow") ?? true
        let accepted = Accept.best(of: StreamMedia.names, for: call.request.headers["accept"]) ?? StreamMedia.names[0]
        let format: LogStreaming.Format = accepted == "application/x-ndjson" ? .lines : .events
        let database = call.environment.database
        let streaming = LogStreaming(logs: logs, run: id, format: format, after: after, follows: follows) {
            try await database.read { try runs.run(id, in: workspace, $0).model().status }
        }
        if format == .events { return Content(ServerSentEvents.response { try await streaming.send(to: $0) }) }
        var headers = Headers()
        headers.add("content-type", "application/x-ndjson".utf8)
        headers.add("cache-control", "no-store".utf8)
        headers.add("x-accel-buffering", "no".utf8)
        let body = ResponseStream(isEndless: true) { try await streaming.send(to: $0) }
        return Content(Response(.ok, headers: headers, body: .stream(body)))
    }

    /// The line after which to go on. The header wins: a browser that connects again sends it beside the first request's query.
    private func resumePoint(_ call: Call) throws -> Int64 {
        if let text = call.request.headers["last-event-id"], !text.isEmpty {
            guard let seq = Int64(text), seq >= 0 else { throw ServiceError.invalid("Last-Event-ID", "must be a line's number") }
            return seq
        }
        return Int64(try call.query.integer("after", in: 0...Int.max) ?? 0)
    }
}
