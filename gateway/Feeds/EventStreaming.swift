import HTTP
import Identity
import Loops
import Models
import Service

/// One subscriber to `/events`. Confined to its connection's loop.
///
/// It reads from its workspace's channel as fast as its client takes it; what the channel no longer holds it reads from the
/// outboxes. So a slow client costs nothing but its place.
final class EventStreaming: FeedMember, @unchecked Sendable {  // Confined to its connection's loop.
    /// A quiet connection is kept alive this often: proxies close one after 60 s.
    static let quietMax = Timeout.seconds(15)
    /// How long a client waits before it connects again.
    static let retryMilliseconds = 1000
    /// Between tries at a service that has something to tell and cannot be reached.
    static let retryPause = Duration.seconds(1)

    private let feeds: Feeds
    private let workspace: String
    private let caller: FeedCaller
    private var filter: FeedFilter
    /// Where the client goes on; nil for the present.
    private let start: FeedPosition?
    private var continuation: UnsafeContinuation<Void, Never>?
    private var timer: Timer?

    init(_ feeds: Feeds, _ workspace: String, _ caller: FeedCaller, _ filter: FeedFilter, from start: FeedPosition?) {
        self.feeds = feeds
        self.workspace = workspace
        self.caller = caller
        self.filter = filter
        self.start = start
    }

    /// Sends events until the client goes, the suite ends, or the credential does.
    func send(to writer: any BodyWriter) async throws {
        guard let part = feeds.parts.current else { throw ServiceError.internal("a feed off the event loops") }
        timer = part.loop.timer { [weak self] in self?.feedHasNews() }
        defer { timer?.cancel() }
        let channel = try await part.enter(workspace)
        channel.add(self)
        feeds.metrics.streams.add()
        defer {
            feeds.metrics.streams.add(-1)
            part.leave(channel, self)
        }
        var cursor = FeedCursor(index: channel.firstIndex, position: start ?? part.position)
        if start == nil { cursor.index = channel.endIndex }
        // An id without an event: the client knows where it is before the first one comes.
        try await writer.write(
            ServerSentEvents.retry(milliseconds: EventStreaming.retryMilliseconds) + Array("id: \(cursor.position.text)\n\n".utf8)
        )
        do {
            try await follow(channel, &cursor, of: part, writer)
        } catch let error as ServiceError where error.kind == .unauthenticated || error.kind == .forbidden {
            try await writer.write(ServerSentEvents.encode(event: "end", data: "{\"reason\":\"the credential has ended\"}"))
        }
    }

    /// Ends the wait for news.
    func feedHasNews() {
        guard let waiting = continuation else { return }
        continuation = nil
        waiting.resume()
    }

    private func follow(
        _ channel: FeedChannel, _ cursor: inout FeedCursor, of part: FeedPart, _ writer: any BodyWriter
    ) async throws {
        while true {
            try Task.checkCancellation()
            if caller.isDue, try await caller.check() { filter.rights = try FeedRights(of: caller.principal, in: workspace) }
            var bytes: [UInt8] = []
            var count = 0
            let holds = channel.read(&cursor) { event, position in
                guard filter.takes(event) else { return true }
                let streamed = position == event.position ? event.streamed : event.streamed(at: position)
                // One event, as most often, is sent as the very bytes that all others get.
                if count == 0 { bytes = streamed } else { bytes += streamed }
                count += 1
                return bytes.count < FeedChannel.batchBytesMax
            }
            if count > 0 {
                feeds.metrics.delivered.add(count)
                try await writer.write(bytes)
            } else if !holds {
                try await catchUp(channel, &cursor, of: part, writer)
            } else if cursor.index == channel.endIndex, cursor.revision == channel.revision,
                await !hasNews(of: channel, on: part.loop)
            {
                try await writer.write(ServerSentEvents.keepAlive)
            }
        }
    }

    /// Waits for news, or for the task's cancellation. False when it has been quiet for a while.
    private func hasNews(of channel: FeedChannel, on loop: EventLoop) async -> Bool {
        let (end, revision) = (channel.endIndex, channel.revision)
        timer?.reset(EventStreaming.quietMax)
        await withTaskCancellationHandler {
            await withUnsafeContinuation { waiting in
                if Task.isCancelled { waiting.resume() } else { continuation = waiting }
            }
        } onCancel: {
            // Cancelled from wherever; this is confined to its loop.
            loop.execute { self.feedHasNews() }
        }
        return channel.endIndex != end || channel.revision != revision
    }

    /// Sends what the channel no longer holds. A service that cannot be reached is waited for: nothing is left out.
    private func catchUp(
        _ channel: FeedChannel, _ cursor: inout FeedCursor, of part: FeedPart, _ writer: any BodyWriter
    ) async throws {
        feeds.metrics.caughtUp.add()
        let history = FeedHistory(peers: feeds.peers, workspace: workspace)
        var position = cursor.position
        let target = channel.base
        do {
            try await part.catchUp {
                try await history.replay(&position, to: target) { event in
                    guard filter.takes(event) else { return }
                    feeds.metrics.delivered.add()
                    try await writer.write(event.streamed)
                }
            }
        } catch let error as ServiceError where error.kind == .unavailable || error.kind == .timeout || error.kind == .upstream {
            try await writer.write(ServerSentEvents.keepAlive)
            try await EventLoop.sleep(for: EventStreaming.retryPause)
        }
        cursor = FeedCursor(index: channel.firstIndex, position: position)
    }
}
