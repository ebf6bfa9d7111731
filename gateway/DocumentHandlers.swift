import HTTP
import Models
import Service
import Synchronization

/// The OpenAPI document of the suite: what each service says of itself, merged.
final class DocumentHandlers: Sendable {
    private struct Merged {
        let bytes: [UInt8]
        let until: ContinuousClock.Instant
    }

    /// How long a merged document is given out, so that asking again costs nothing. A service that was updated shows within this
    /// time.
    static let keptFor = Duration.seconds(5)

    private let peers: Peers
    private let merged = Mutex<Merged?>(nil)

    init(peers: Peers) { self.peers = peers }

    func openAPI(_ call: Call, own routes: [Route]) async throws -> Content<JSONMedia> {
        if let known = merged.withLock({ $0 }), known.until > .now { return Content(.json(known.bytes)) }
        var documents = [(name: "gateway", bytes: try ServiceDocument.openAPI(of: routes, service: "gateway"))]
        for name in ServiceName.allCases {
            let bytes = try await peers.exchange(name, .get, "/internal/openapi", workspace: nil, body: nil)
            documents.append((name.rawValue, bytes))
        }
        let bytes = try OpenAPIDocument.merged(
            title: "Nexus", version: ServiceDocument.version,
            description: "Runs teams of AI agents for people who must stay in charge of them.", documents)
        merged.withLock { $0 = Merged(bytes: bytes, until: .now + DocumentHandlers.keptFor) }
        return Content(.json(bytes))
    }
}
