import Client
import HTTP
import Loops
import Models

/// The runs service as a runner sees it. Each report is sent again until it is acknowledged, or refused for good.
struct RunsAPI: Sendable {
    /// The service wants nothing more of this attempt: another one has taken over, or the run has ended.
    struct Superseded: Error, Equatable {
        let status: UInt16
    }

    /// A report that will not be taken however often it is sent.
    struct Refused: Error, Equatable {
        let status: UInt16
        let message: String
    }

    /// A report's answer is small; a context holds skills and memories.
    private static let contextBytesMax = 32 * 1024 * 1024
    private static let reportTimeout = Duration.seconds(30)
    private static let uploadTimeout = Duration.seconds(600)
    /// The service may be away for as long as a restart takes, or a repair: it is asked again for as long as the run goes on.
    private static let patient = Retry(
        attemptsMax: .max, delayFirst: .milliseconds(100), delayMax: .seconds(5), retryAfterMax: .seconds(3600),
        repeatsUnsafe: true)
    private static let once = Retry(attemptsMax: 1)

    private let client: HTTPClient
    private let base: String
    private let unixSocket: String?
    private let token: String
    /// The trace that the run's requests belong to, as the runs service has said.
    private let trace: String?

    init(_ options: RunnerOptions, client: HTTPClient) {
        self.client = client
        token = options.token
        trace = options.environment["TRACEPARENT"]
        if options.url.hasPrefix("unix:") {
            unixSocket = String(options.url.dropFirst("unix:".count))
            base = "http://nexus/runs-api/\(options.runID)"
        } else {
            unixSocket = nil
            var url = options.url[...]
            while url.last == "/" { url.removeLast() }
            base = "\(url)/runs-api/\(options.runID)"
        }
    }

    func context() async throws -> RunContext {
        var request = request(.get, "/context")
        request.responseBytesMax = RunsAPI.contextBytesMax
        return try JSON.decode(RunContext.self, from: try await send(request))
    }

    /// - Returns: the number of the line that is expected next.
    func report(_ lines: [ReportedLine]) async throws -> Int64 {
        let answer = try await send(try request(.post, "/logs", json: LogBatch(lines: lines)))
        return try JSON.decode(LogBatchAnswer.self, from: answer).next
    }

    /// Sent once: the next heartbeat comes soon enough.
    func heartbeat(within timeout: Duration) async throws -> HeartbeatAnswer {
        var request = try request(.post, "/heartbeat", json: HeartbeatReport())
        request.timeout = timeout
        return try JSON.decode(HeartbeatAnswer.self, from: try await send(request, RunsAPI.once))
    }

    /// - Parameter usage: the attempt's totals so far.
    /// - Returns: among others, whether to wait before the next turn.
    func report(_ usage: Usage) async throws -> HeartbeatAnswer {
        try JSON.decode(HeartbeatAnswer.self, from: try await send(try request(.post, "/usage", json: usage)))
    }

    func put(_ artifact: Artifact) async throws {
        var request = request(.put, "/artifacts/\(PercentCoding.encoded(artifact.name))")
        request.headers.add("content-type", artifact.type)
        request.content = .file(artifact.path)
        request.timeout = RunsAPI.uploadTimeout
        _ = try await send(request)
    }

    func report(_ result: RunResultReport) async throws {
        _ = try await send(try request(.post, "/result", json: result))
    }

    private func request(_ method: Method, _ path: String) -> OutboundRequest {
        var request = OutboundRequest(method, base + path)
        request.headers.add("authorization", "Bearer \(token)")
        if let trace { request.headers.add("traceparent", trace) }
        request.timeout = RunsAPI.reportTimeout
        request.unixSocket = unixSocket
        return request
    }

    private func request(_ method: Method, _ path: String, json body: some Encodable) throws -> OutboundRequest {
        var request = request(method, path)
        request.headers.add("content-type", "application/json")
        request.content = .bytes(try JSON.encode(body))
        return request
    }

    private func send(_ request: OutboundRequest, _ retry: Retry = patient) async throws -> [UInt8] {
        let response = try await retry.send(request, with: client)
        switch response.status.code {
        case 200..<300: return response.body
        case 401, 403, 404, 409, 410: throw Superseded(status: response.status.code)
        default: throw Refused(status: response.status.code, message: String(response.text.prefix(500)))
        }
    }
}

/// A file that a run leaves behind.
struct Artifact: Sendable, Equatable {
    var name: String
    var path: String
    var type: String
}
