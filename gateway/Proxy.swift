import HTTP
import Identity
import Models
import Service

/// Passes requests on to services in the name of a verified caller, and their answers back.
public struct Proxy: Sendable {
    /// Room for the principal's assertion and the ids.
    static let addedBytesMax = 768
    static let addedFieldsMax = 4

    let directory: Peers.Directory
    private let signer: AssertionSigner
    private let clock: WallClock

    public init(_ directory: Peers.Directory, signer: AssertionSigner, clock: WallClock) {
        self.directory = directory
        self.signer = signer
        self.clock = clock
    }

    /// The service's answer.
    /// - Parameter caller: nil for requests that the service verifies by a signature of its own.
    /// - Throws: `ServiceError` 502, 503 or 504 when the service gives none.
    func forward(
        _ request: Request, to service: ServiceName, as caller: VerifiedCredential?, _ record: RequestRecord
    ) async throws -> Response {
        guard let upstream = directory.upstream(service) else { throw Proxy.unavailable(service) }
        var request = request
        request.headers = try ForwardedFields.of(request)
        if let caller { request.headers.add(InternalAssertion.header, try caller.assertion(by: signer, now: clock.now())) }
        record.mark(&request.headers)
        record.upstream = service.rawValue
        record.upstreamStartNanoseconds = Observation.nanoseconds()
        defer { record.upstreamNanoseconds = Observation.nanoseconds() - record.upstreamStartNanoseconds }
        do {
            return try await upstream.send(request)
        } catch UpstreamError.timeout {
            throw ServiceError(.timeout, "the \(service.rawValue) service did not answer in time")
        } catch UpstreamError.protocolError {
            throw ServiceError(.upstream, "the \(service.rawValue) service answered something that is not HTTP")
        } catch is UpstreamError {
            throw Proxy.unavailable(service)
        }
    }

    private static func unavailable(_ service: ServiceName) -> ServiceError {
        ServiceError(.unavailable, "the \(service.rawValue) service is not available; try again", retryAfterSeconds: 1)
    }
}
