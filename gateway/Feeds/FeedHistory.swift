import Events
import HTTP
import Models
import Service

/// Catches a subscriber up from the outboxes: with what happened in a workspace before the events that its channel keeps.
struct FeedHistory: Sendable {
    /// Most events in one answer of a service; the answers of all services are in memory at once.
    static let pageMax = 50

    let peers: Peers
    let workspace: String

    /// A service that has more to tell than the subscriber has had.
    private struct Lagging {
        let source: FeedSource
        let target: Int64
        var reached: Int64
        var events: ArraySlice<Event> = []
    }

    /// Gives each event after `position` to `take`, in the order of their times, until the position covers `target`. The position
    /// is moved with each, and is good to resume from whenever this ends.
    /// - Throws: what a service that cannot be reached throws; what `take` throws.
    func replay(
        _ position: inout FeedPosition, to target: FeedPosition, _ take: (FeedEvent) async throws -> Void
    ) async throws {
        var lagging: [Lagging] = []
        for service in ServiceName.allCases where position[service.feedIndex] < target[service.feedIndex] {
            lagging.append(
                Lagging(
                    source: FeedSource(service, peers), target: target[service.feedIndex], reached: position[service.feedIndex]))
        }
        while true {
            var next: Int?
            for index in lagging.indices {
                try await fill(&lagging[index], &position)
                guard let time = lagging[index].events.first?.time else { continue }
                if let known = next.flatMap({ lagging[$0].events.first?.time }), known <= time { continue }
                next = index
            }
            guard let next, let event = lagging[next].events.popFirst() else { return }
            let service = lagging[next].source.service.feedIndex
            position[service] = event.sequence
            if lagging[next].events.isEmpty { position[service] = max(position[service], lagging[next].reached) }
            try await take(try FeedEvent(event, of: service, at: position))
        }
    }

    /// Has the next events of a service at hand, unless it has told all.
    private func fill(_ lagging: inout Lagging, _ position: inout FeedPosition) async throws {
        while lagging.events.isEmpty, lagging.reached < lagging.target {
            let page = try await lagging.source.page(after: lagging.reached, limit: FeedHistory.pageMax, workspace: workspace)
            lagging.events = page.events[...]
            // A service that has less than the target was set back; there is nothing more to wait for.
            lagging.reached = page.last > lagging.reached ? page.last : lagging.target
            if page.events.isEmpty { position[lagging.source.service.feedIndex] = lagging.reached }
        }
    }
}
