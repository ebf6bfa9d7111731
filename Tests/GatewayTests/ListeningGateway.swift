import HTTP
import Identity
import Loops
import Models
import Service
import SuiteTesting
import Synchronization

@testable import Gateway

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A gateway that listens on a port, before a service that the test plays.
final class ListeningGateway: Sendable {
    struct Service: Responder {
        let answer: @Sendable (Request) async -> Response
        func respond(to request: Request) async -> Response { await answer(request) }
    }

    let base: SuiteBase
    let process: GatewayProcess
    let folder: String
    let upstream: Upstream

    /// - Parameter service: answers what goes to the agents service.
    init(
        log: AccessLog.Destination? = nil, configure: (inout GatewayConfiguration) -> Void = { _ in },
        service: @escaping @Sendable (Request) async -> Response
    ) async throws {
        folder = TestBench.makeFolder()
        var configuration = GatewayConfiguration(
            ServiceConfiguration(dataDirectory: folder), listen: .tcp(host: "127.0.0.1", port: 0))
        configuration.accessLog = log
        configure(&configuration)
        let base = try SuiteBase(configuration.service, log: Log(service: "test", write: Log.silent))
        base.directory.connect(.agents, to: .inProcess(Service(answer: service)))
        let process = try GatewayProcess(configuration, base: base)
        let opening: Task<String?, any Error> = base.loops.next().task { [configuration] in
            try await process.open(configuration)
        }
        _ = try await opening.value
        self.base = base
        self.process = process
        upstream = .socket(process.internalAddress)
    }

    /// Runs something on one of the loops.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task: Task<Value, any Error> = base.loops.next().task { try await body() }
        return try await task.value
    }

    func send(_ method: HTTP.Method, _ target: String, headers: [(String, String)] = [], body: String? = nil) async throws
        -> TestAnswer
    {
        var head = Headers()
        for (name, value) in headers { head.add(name, value) }
        let request = Request(method, target, headers: head, body: body.map { .bytes(Array($0.utf8)) } ?? .empty)
        return try await onLoop { [upstream] in
            let response = try await upstream.send(request)
            return TestAnswer(response: response, bytes: try await response.wholeBody(upTo: 1 << 24))
        }
    }

    /// The header of a token with a role.
    func bearer(_ role: Role = .admin) throws -> (String, String) {
        let now = base.clock.now()
        let claims = Claims(
            subject: "operator", role: role, workspace: "default", issuedAt: now, expires: now.adding(seconds: 600))
        return ("authorization", "Bearer " + (try JWTSigner(key: base.keys.jwt).sign(claims)))
    }

    /// Ends the gateway, with its log.
    func stop() async throws {
        try await onLoop { [process, upstream] in
            upstream.close()
            await process.close(within: .seconds(5))
        }
    }

    /// The lines of the log.
    func lines(_ name: String = "access.log") throws -> [LoggedRequest] {
        let path = "\(folder)/log/\(name)"
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return try data.split(separator: 10).map { try JSON.decode(LoggedRequest.self, from: Array($0)) }
    }
}

/// A line of the access log.
struct LoggedRequest: Decodable, Sendable {
    let time: Timestamp
    let requestID: String
    let traceID: String
    let peer: String
    let method: String?
    let path: String?
    let route: String?
    let principal: String?
    let workspace: String?
    let upstream: String?
    let status: Int
    let bytesIn: Int
    let bytesOut: Int
    let durationMilliseconds: Double
    let upstreamMilliseconds: Double?
    let aborted: Bool?
    let userAgent: String?

    private enum CodingKeys: String, CodingKey {
        case time, peer, method, path, route, principal, workspace, upstream, status, aborted
        case requestID = "request_id"
        case traceID = "trace_id"
        case bytesIn = "bytes_in"
        case bytesOut = "bytes_out"
        case durationMilliseconds = "duration_ms"
        case upstreamMilliseconds = "upstream_ms"
        case userAgent = "user_agent"
    }
}
