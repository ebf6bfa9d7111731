import Models

/// What came of sending a delivery once. Pure.
struct DeliveryOutcome: Sendable {
    /// Sends of one delivery in all: over about 18 hours.
    static let attemptsMax = 8
    /// Seconds before the second send, the third, and so on.
    static let pauses: [Double] = [5, 30, 120, 600, 3600, 14_400, 43_200]
    static let retryAfterSecondsMax = 43_200.0

    /// The subscriber's answer; nil when there was none.
    var status: Int?
    var error: String?
    /// What the subscriber asks for by `Retry-After`.
    var retryAfterSeconds: Double?

    var isDelivered: Bool { status.map { (200..<300).contains($0) } ?? false }
    /// 410: the subscriber wants nothing more.
    var endsSubscription: Bool { status == 410 }

    /// The delivery after this try.
    /// - Parameter retries: whether it is tried again at all.
    func applied(to delivery: WebhookDelivery, retries: Bool, at time: Timestamp) -> WebhookDelivery {
        var delivery = delivery
        delivery.attempts += 1
        delivery.responseStatus = status
        delivery.error = isDelivered ? nil : error ?? status.map { "the subscriber answered \($0)" }
        delivery.nextAttemptAt = nil
        delivery.updatedAt = time
        if isDelivered {
            delivery.status = .delivered
        } else if !retries || endsSubscription || delivery.attempts >= DeliveryOutcome.attemptsMax {
            delivery.status = .failed
        } else {
            let pause = DeliveryOutcome.pauses[min(delivery.attempts, DeliveryOutcome.pauses.count) - 1]
            let asked = min(retryAfterSeconds ?? 0, DeliveryOutcome.retryAfterSecondsMax)
            delivery.status = .pending
            delivery.nextAttemptAt = time.adding(seconds: max(pause, asked))
        }
        return delivery
    }
}
