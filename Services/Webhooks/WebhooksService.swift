import Client
import Events
import Loops
import Models
import Service
import Storage

/// Webhooks: what others tell the suite, and what the suite tells others.
public struct WebhooksService: NexusService {
    public static let name = ServiceName.webhooks
    public static let migrations = WebhookMigrations.all
    /// How long deliveries are kept.
    static let keptSeconds = 30.0 * 86_400
    static let pruneEvery = Duration.seconds(3600)
    static let prunedMax = 500

    let endpoints: EndpointHandlers
    let inbound: InboundHandlers
    let deliveries: DeliveryHandlers
    let subscriptions: SubscriptionHandlers
    private let fanout: EventFanout
    private let sender: WebhookSender
    private let environment: ServiceEnvironment

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        let secrets = SecretStore(box: environment.secrets)
        let references = WebhookReferences(peers: environment.peers)
        let (endpointStore, subscriptionStore, deliveryStore) = (EndpointStore(), SubscriptionStore(), DeliveryStore())
        let queue = DeliveryQueue()
        sender = WebhookSender(
            environment: environment, subscriptions: subscriptionStore, deliveries: deliveryStore, secrets: secrets, queue: queue,
            client: HTTPClient(on: environment.loops.next()))
        fanout = EventFanout(
            subscriptions: subscriptionStore, deliveries: deliveryStore, queue: queue, clock: environment.clock)
        endpoints = EndpointHandlers(store: endpointStore, secrets: secrets, references: references)
        inbound = InboundHandlers(endpoints: endpointStore, deliveries: deliveryStore, secrets: secrets)
        deliveries = DeliveryHandlers(store: deliveryStore, queue: queue)
        subscriptions = SubscriptionHandlers(
            store: subscriptionStore, secrets: secrets, references: references, sender: sender)
    }

    /// Subscribers are told of what the other services tell of.
    public var consumers: [EventConsumer] {
        ServiceName.allCases.filter { $0 != .webhooks }.map { source in
            environment.consumer(
                of: source,
                select: { [fanout, environment] events in
                    try await environment.database.read { try fanout.subscriptions.isAnyEnabled(in: $0) } ? events : []
                },
                apply: { [fanout] event, transaction in try fanout.apply(event, in: transaction) })
        }
    }

    public func runInBackground() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await sender.run() }
            group.addTask { await prune() }
        }
    }

    private func prune() async {
        while !Task.isCancelled {
            do {
                let pruned = try await environment.database.write { [environment] transaction in
                    let time = environment.clock.now().adding(seconds: -WebhooksService.keptSeconds)
                    return try DeliveryStore().prune(before: time, limit: WebhooksService.prunedMax, in: transaction)
                }
                if pruned < WebhooksService.prunedMax { try await EventLoop.sleep(for: WebhooksService.pruneEvery) }
            } catch is CancellationError {
                return
            } catch {
                environment.log.warning("removing old deliveries failed", ["cause": "\(error)"])
                // A cancelled sleep ends the loop by its condition.
                try? await EventLoop.sleep(for: WebhooksService.pruneEvery)
            }
        }
    }
}
