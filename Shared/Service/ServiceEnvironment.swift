import Events
import HTTP
import Identity
import Loops
import Models
import Storage

/// What a service is given, and all that it depends on.
public struct ServiceEnvironment: Sendable {
    /// The service's name (`agents`); the gateway's own routes are `gateway`.
    public let name: String
    public let configuration: ServiceConfiguration
    public let clock: WallClock
    public let log: Log
    public let tracer: Tracer
    /// What the service measures, beside its routes.
    public let metrics: Metrics
    public let loops: EventLoopGroup
    public let database: Database
    public let outbox: Outbox
    public let peers: Peers
    /// Encrypts what must be kept and read again: credentials, webhooks' secrets.
    public let secrets: SecretBox

    /// A consumer of another service's events whose effects go into this service's database.
    /// - Parameters:
    ///   - types: the types of event that have an effect here; none for all. The source sends no others.
    ///   - select: leaves out events that certainly have no effect, before a transaction is begun for them.
    public func consumer(
        of source: ServiceName, types: [String] = [], select: @escaping @Sendable ([Event]) async throws -> [Event] = { $0 },
        apply: @escaping @Sendable (Event, Transaction) throws -> Void
    ) -> EventConsumer {
        let wanted = types.isEmpty ? "" : "&types=" + types.joined(separator: ",")
        return EventConsumer(
            of: source, database: database,
            fetch: { [peers, name] after, limit, wait in
                try await peers.get(
                    source, "/internal/events?consumer=\(name)&after=\(after)&limit=\(limit)&wait=\(wait)\(wanted)",
                    as: EventPage.self)
            },
            select: select, apply: apply,
            report: { [log] in log.error($0) })
    }

    /// Appends an event that carries an entity as it is stored.
    @discardableResult
    public func emit<Model>(
        _ type: String, _ stored: Stored<Model>, project: String? = nil, workspace: String, actor: Actor?,
        in transaction: Transaction
    ) throws -> Int64 {
        try outbox.append(
            type, subject: stored.id, workspace: workspace, project: project, actor: actor, at: clock.now(), data: stored.bytes,
            in: transaction)
    }
}

/// What a host needs of the service that it hosts.
public protocol HostedService: Sendable {
    /// Every route of the service.
    var routes: Routes { get }
    /// The events of other services that this one consumes.
    var consumers: [EventConsumer] { get }
    /// Work that goes on beside requests (dispatch, expiry): started once the database is open, ended by cancellation.
    func runInBackground() async throws
    /// The suite is about to end: hand over or mark what is under way, within the limit.
    func drain(within limit: Duration) async
    /// What `/readyz` needs besides the database; throws what is missing.
    func checkReadiness() async throws
}

extension HostedService {
    public var consumers: [EventConsumer] { [] }
    public func runInBackground() async throws {}
    public func drain(within limit: Duration) async {}
    public func checkReadiness() async throws {}
}

/// One of the nine services: a library's public face.
public protocol NexusService: HostedService {
    static var name: ServiceName { get }
    /// The service's own migrations, append-only; those that every service has come first by themselves.
    static var migrations: [Migration] { get }
    init(_ environment: ServiceEnvironment) throws
}
