import HTTP
import Identity
import Models
import Synchronization

/// The other services, as one calls them: in this process, over a Unix socket, or over TCP, always in the suite's own name.
public struct Peers: Sendable {
    /// Where the services are. In one process they are made one after the other, and know each other only then.
    public final class Directory: Sendable {
        private let upstreams = Mutex<[ServiceName: Upstream]>([:])

        public init() {}

        /// Says where a service is.
        public func connect(_ service: ServiceName, to upstream: Upstream) {
            upstreams.withLock { $0[service] = upstream }
        }

        /// Where a service is; nil when nobody has said so.
        public func upstream(_ service: ServiceName) -> Upstream? { upstreams.withLock { $0[service] } }
    }

    private let directory: Directory
    private let signer: AssertionSigner
    private let clock: WallClock
    private let name: String

    /// - Parameter name: the service that calls.
    public init(_ directory: Directory, name: String, signer: AssertionSigner, clock: WallClock) {
        self.directory = directory
        self.name = name
        self.signer = signer
        self.clock = clock
    }

    /// Where a service is.
    /// - Throws: 503 when nobody has said so.
    public func upstream(_ service: ServiceName) throws -> Upstream {
        guard let upstream = directory.upstream(service) else {
            throw ServiceError(.unavailable, "the \(service.rawValue) service is not there", retryAfterSeconds: 1)
        }
        return upstream
    }

    public func get<Value: Decodable>(
        _ service: ServiceName, _ target: String, workspace: String? = nil, as type: Value.Type
    ) async throws -> Value {
        try JSON.decode(type, from: try await exchange(service, .get, target, workspace: workspace, body: nil))
    }

    public func post<Value: Decodable>(
        _ service: ServiceName, _ target: String, _ body: some Encodable, workspace: String? = nil, as type: Value.Type
    ) async throws -> Value {
        try JSON.decode(type, from: try await exchange(service, .post, target, workspace: workspace, body: try JSON.encode(body)))
    }

    /// One request and its whole answer.
    /// - Throws: the other service's `ServiceError`; 503 when it does not answer.
    public func exchange(
        _ service: ServiceName, _ method: Method, _ target: String, workspace: String?, body: [UInt8]?
    ) async throws -> [UInt8] {
        var headers = Headers()
        headers.add(InternalAssertion.header, try signer.header(for: .service(name), now: clock.now()))
        if body != nil { headers.add("content-type", "application/json".utf8) }
        if let trace = TraceContext.current { headers.add(TraceContext.header) { trace.append(to: &$0) } }
        var target = target
        if let workspace {
            target += target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
            target += "workspace_id=" + PercentCoding.encoded(workspace)
        }
        let response: Response
        do {
            response = try await upstream(service).send(
                Request(method, target, headers: headers, body: body.map { .bytes($0) } ?? .empty))
        } catch let error as ServiceError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ServiceError(
                .unavailable, "the \(service.rawValue) service does not answer", cause: "\(error)", retryAfterSeconds: 1)
        }
        let bytes = try await response.wholeBody(upTo: Peers.answerBytesMax)
        guard (200..<300).contains(response.status.code) else { throw Peers.error(response.status, bytes, from: service) }
        return bytes
    }

    /// The largest answer that one service takes from another: a page of 200 of the largest objects.
    static let answerBytesMax = 256 << 20

    private struct ErrorBody: Decodable {
        let error: String
        let code: String?
        let field: String?
    }

    private static func error(_ status: Status, _ bytes: [UInt8], from service: ServiceName) -> ServiceError {
        // try?: an answer that is not the suite's own error is an upstream failure, whatever it says.
        let body = try? JSON.decode(ErrorBody.self, from: bytes)
        let kind = ServiceError.Kind.allCases.first { $0.status == status.code } ?? .upstream
        return ServiceError(
            kind, body?.error ?? "the \(service.rawValue) service answered \(status.code)", code: body?.code, field: body?.field)
    }
}
