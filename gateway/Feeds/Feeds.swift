import Loops
import Models
import Service

/// `/events` and `/ws`: what happens in a workspace, as it happens.
final class Feeds: Sendable {
    let accounts: Accounts
    let peers: Peers
    let log: Log
    let hub: FeedHub
    let parts: LoopLocal<FeedPart>
    let metrics: FeedMetrics

    init(_ environment: ServiceEnvironment, accounts: Accounts) {
        self.accounts = accounts
        peers = environment.peers
        log = environment.log
        let hub = FeedHub(peers: environment.peers, clock: environment.clock, log: environment.log)
        self.hub = hub
        metrics = FeedMetrics(environment.loops)
        parts = LoopLocal(environment.loops) { FeedPart($0, of: hub) }
        environment.metrics.observe { [metrics] in metrics.samples }
    }

    private struct Named: Decodable { let id: String }

    /// The id of an object of a workspace, by its id or its slug; nil when there is none.
    func id(of reference: String, at path: String, _ service: ServiceName, in workspace: String) async throws -> String? {
        do {
            return try await peers.get(service, path + reference, workspace: workspace, as: Named.self).id
        } catch let error as ServiceError where error.kind == .notFound {
            return nil
        }
    }
}
