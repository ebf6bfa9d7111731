import Events
import HTTP
import Models
import Service

/// One service's outbox, as the feeds read it.
struct FeedSource: Sendable {
    let service: ServiceName
    private let peers: Peers

    /// Some events.
    struct Page: Sendable {
        /// The sequence that was asked after; what a time has turned out to mean.
        let start: Int64
        let events: [Event]
        /// How far it reaches: the reader goes on after it.
        let last: Int64
    }

    init(_ service: ServiceName, _ peers: Peers) {
        self.service = service
        self.peers = peers
    }

    /// The sequence of the last event.
    func present() async throws -> Int64 { try await ask("after=now&limit=1").last }

    /// Events after a component of a `FeedPosition`: a sequence or a time.
    /// - Parameters:
    ///   - workspace: whose events are wanted; nil for all.
    ///   - waitSeconds: for the first.
    func page(after: Int64, limit: Int, workspace: String? = nil, waitSeconds: Int = 0) async throws -> Page {
        var query = after < 0 ? "since=\(-after)" : "after=\(after)"
        query += "&limit=\(limit)&wait=\(waitSeconds)"
        if let workspace { query += "&workspace=" + PercentCoding.encoded(workspace) }
        let page = try await ask(query)
        return Page(start: after < 0 ? page.start ?? 0 : after, events: page.events, last: max(page.last, after))
    }

    private func ask(_ query: String) async throws -> EventPage {
        try await peers.get(service, "/internal/events?" + query, as: EventPage.self)
    }
}
