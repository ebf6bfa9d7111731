import Client
import HTTP
import Loops
import Models
import Service
import Storage

/// Sends what is queued: a few at a time, each signed, again and again with longer and longer pauses until it is taken.
struct WebhookSender: Sendable {
    /// Sends at once, over all subscribers.
    static let workers = 8
    static let connectTimeout = Duration.seconds(5)
    static let timeout = Duration.seconds(15)
    /// How long a worker waits at most before it looks again.
    static let idleSecondsMax = 30.0

    let environment: ServiceEnvironment
    let subscriptions: SubscriptionStore
    let deliveries: DeliveryStore
    let secrets: SecretStore
    let queue: DeliveryQueue
    let client: HTTPClient

    /// All that a send needs.
    struct Parcel: Sendable {
        let delivery: WebhookDelivery
        let subscription: WebhookSubscription
        let secret: [UInt8]
        let payload: [UInt8]
    }

    /// Sends until the task is cancelled. A send that is cut off is done again after the next start, under the same id.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<WebhookSender.workers { group.addTask { await work() } }
        }
    }

    private func work() async {
        while !Task.isCancelled {
            let rings = queue.bell.value
            do {
                if let parcel = try await take() {
                    try await record(await send(parcel), parcel.delivery.id, parcel.delivery.workspaceID)
                } else if try await !isMore() {
                    _ = try await queue.bell.wait(past: rings, within: try await pause())
                }
            } catch is CancellationError {
                return
            } catch {
                environment.log.warning("sending webhooks failed", ["cause": "\(error)"])
                // A cancelled sleep ends the loop by its condition.
                try? await EventLoop.sleep(for: .seconds(1))
            }
        }
    }

    /// Whether another one can be sent now, after one that could not be.
    private func isMore() async throws -> Bool {
        try await environment.database.read { [queue, clock = environment.clock] in try queue.next(at: clock.now(), in: $0) != nil
        }
    }

    private func pause() async throws -> Duration {
        let now = environment.clock.now()
        let due = try await environment.database.read { [queue] in try queue.nextDue(after: now, in: $0) }
        let seconds = min(due?.seconds(since: now) ?? WebhookSender.idleSecondsMax, WebhookSender.idleSecondsMax)
        return .milliseconds(Int64(max(seconds, 0.01) * 1000))
    }

    /// Leases the next delivery. One whose subscription is gone or off is given up.
    private func take() async throws -> Parcel? {
        guard try await isMore() else { return nil }
        return try await environment.database.write { transaction in
            let now = environment.clock.now()
            guard let item = try queue.lease(at: now, in: transaction) else { return nil }
            guard let stored = try DeliveryStore.table.find(item.delivery, workspace: item.workspace, in: transaction) else {
                try queue.remove(item.delivery, in: transaction)
                return nil
            }
            let delivery = try stored.model()
            let parcel = try parcel(delivery, in: transaction)
            guard let parcel, parcel.subscription.enabled else {
                var given = delivery
                given.status = .failed
                given.error = "the subscription is gone or not enabled"
                given.nextAttemptAt = nil
                given.updatedAt = now
                _ = try deliveries.replace(stored, with: given, at: now, in: transaction)
                try queue.remove(item.delivery, in: transaction)
                return nil
            }
            return parcel
        }
    }

    func parcel(_ delivery: WebhookDelivery, in reader: any SQLReader) throws -> Parcel? {
        guard let id = delivery.subscriptionID,
            let subscription = try subscriptions.find(id, workspace: delivery.workspaceID, in: reader)?.model(),
            let secret = try secrets.secret(of: id, workspace: delivery.workspaceID, in: reader),
            let payload = try deliveries.payload(of: delivery.id, workspace: delivery.workspaceID, in: reader)
        else { return nil }
        return Parcel(delivery: delivery, subscription: subscription, secret: secret, payload: payload)
    }

    /// Sends once.
    func send(_ parcel: Parcel) async throws -> DeliveryOutcome {
        var request = OutboundRequest.json(.post, parcel.subscription.url, parcel.payload)
        let signed = StandardWebhooks.sign(
            parcel.payload, id: parcel.delivery.messageID, at: environment.clock.now(), secret: parcel.secret)
        for field in signed.fields {
            request.headers.add(
                String(decoding: signed.bytes[field.name], as: UTF8.self),
                String(decoding: signed.bytes[field.value], as: UTF8.self))
        }
        request.headers.add("user-agent", "Nexus-Webhooks".utf8)
        request.connectTimeout = WebhookSender.connectTimeout
        request.timeout = WebhookSender.timeout
        do {
            // The answer's content is nobody's business; letting go of the stream leaves it unread.
            let answer = try await client.open(request)
            let wait = Retry.retryAfter(OutboundResponse(status: answer.status, headers: answer.headers))
            return DeliveryOutcome(
                status: Int(answer.status.code), retryAfterSeconds: wait.map { Double($0.components.seconds) })
        } catch let error as ClientError {
            environment.log.warning("a webhook was not sent", ["delivery": parcel.delivery.id, "cause": "\(error)"])
            return DeliveryOutcome(error: WebhookSender.words(for: error))
        }
    }

    /// Writes down what came of a send.
    /// - Returns: the delivery after it; nil when it is gone.
    @discardableResult
    func record(
        _ outcome: DeliveryOutcome, _ id: String, _ workspace: String, retries: Bool = true
    ) async throws -> Stored<WebhookDelivery>? {
        try await environment.database.write { transaction in
            let now = environment.clock.now()
            try queue.remove(id, in: transaction)
            guard let stored = try DeliveryStore.table.find(id, workspace: workspace, in: transaction) else { return nil }
            let delivery = outcome.applied(to: try stored.model(), retries: retries, at: now)
            if delivery.status == .pending { try queue.add(delivery, due: delivery.nextAttemptAt ?? now, in: transaction) }
            if outcome.endsSubscription { try end(delivery.subscriptionID, workspace, at: now, in: transaction) }
            return try deliveries.replace(stored, with: delivery, at: now, in: transaction)
        }
    }

    private func end(_ subscription: String?, _ workspace: String, at time: Timestamp, in transaction: Transaction) throws {
        guard let stored = try subscription.flatMap({ try subscriptions.find($0, workspace: workspace, in: transaction) }) else {
            return
        }
        var ended = try stored.model()
        ended.enabled = false
        ended.updatedAt = time
        let changed = try subscriptions.replace(stored, with: ended, at: time, in: transaction)
        try environment.emit(
            "subscription.updated", changed, project: ended.projectID, workspace: workspace, actor: .suite, in: transaction)
    }

    /// What an administrator is told; the details, which may name hosts of the inside, are for the log.
    private static func words(for error: ClientError) -> String {
        switch error {
        case .invalidRequest: "the address cannot be requested"
        case .cannotConnect: "nobody answers at the address"
        case .untrusted: "the subscriber's certificate is not trusted"
        case .timedOut: "the subscriber did not answer in time"
        case .tooLarge, .tooManyRedirects, .connectionLost, .failed: "the connection was lost"
        }
    }
}
