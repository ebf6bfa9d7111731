import Loops
import Service

/// What the feeds count.
final class FeedMetrics: Sendable {
    /// Open `/events`.
    let streams: Counter
    /// Open `/ws`.
    let sockets: Counter
    /// Events handed to subscribers.
    let delivered: Counter
    /// Subscribers that were caught up from the outboxes.
    let caughtUp: Counter
    /// WebSockets that were closed because they read too slowly.
    let dropped: Counter

    init(_ group: EventLoopGroup) {
        streams = Counter(group)
        sockets = Counter(group)
        delivered = Counter(group)
        caughtUp = Counter(group)
        dropped = Counter(group)
    }

    var samples: [Sample] {
        [
            Sample(Metric("nexus_feed_streams", .gauge, "Open streams of events."), streams.value),
            Sample(Metric("nexus_feed_sockets", .gauge, "Open WebSockets."), sockets.value),
            Sample(Metric("nexus_feed_delivered_total", .counter, "Events handed to subscribers."), delivered.value),
            Sample(
                Metric("nexus_feed_caught_up_total", .counter, "Times that a subscriber was caught up from the outboxes."),
                caughtUp.value),
            Sample(
                Metric("nexus_feed_dropped_total", .counter, "WebSockets closed because they read too slowly."), dropped.value),
        ]
    }
}
