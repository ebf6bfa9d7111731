import Loops

/// One loop's part of the feeds: the channels that somebody on this loop listens to. Confined to the loop.
final class FeedPart: @unchecked Sendable {  // Confined to its loop's thread.
    /// How long a channel outlives its last subscriber: who connects again finds what was missed here.
    static let keptFor = Duration.seconds(60)
    /// Subscribers of this loop that are caught up from the outboxes at once; the others wait, so that many who come back
    /// together do not fill the memory with what they have missed.
    static let catchUpsMax = 4

    let loop: EventLoop
    private unowned let hub: FeedHub
    private var channels: [String: FeedChannel] = [:]
    private(set) var position: FeedPosition
    /// Which beginning of the feed the position is of.
    private var beginning: Int64
    private var whenBegun: [UnsafeContinuation<Void, Never>] = []
    private var catchUps = 0
    private var whenTurn: [UnsafeContinuation<Void, Never>] = []

    init(_ loop: EventLoop, of hub: FeedHub) {
        self.loop = loop
        self.hub = hub
        (position, beginning) = (FeedPosition([]), 0)
        (position, beginning) = hub.enlist(self)
    }

    /// The channel of a workspace, which holds events from now on at the latest. Each use of it ends by `leave`.
    /// - Throws: 503 when the feed cannot begin.
    func enter(_ workspace: String) async throws -> FeedChannel {
        let current = try await hub.hold()
        // The feed's beginning may still be on its way to this loop.
        if beginning != current { await withUnsafeContinuation { whenBegun.append($0) } }
        let known = channels[workspace]
        // A new channel keeps the hold.
        if known != nil { hub.release() }
        let channel = known ?? FeedChannel(workspace, at: position)
        channels[workspace] = channel
        channel.users += 1
        return channel
    }

    func leave(_ channel: FeedChannel, _ member: any FeedMember) {
        channel.remove(member)
        channel.users -= 1
        guard channel.users == 0 else { return }
        _ = loop.schedule(after: FeedPart.keptFor) { [weak self] in self?.drop(channel) }
    }

    /// Where the feed begins, or begins again.
    func begin(_ beginning: Int64, at position: FeedPosition) {
        (self.beginning, self.position) = (beginning, position)
        let waiting = whenBegun
        whenBegun = []
        for waiter in waiting { waiter.resume() }
    }

    /// Takes events in the order in which the hub heard of them.
    func publish(_ events: [FeedEvent]) {
        var touched: [FeedChannel] = []
        for event in events {
            position = event.position
            guard let channel = channels[event.workspace] else { continue }
            channel.append(event)
            if !touched.contains(where: { $0 === channel }) { touched.append(channel) }
        }
        for channel in touched { channel.tell() }
    }

    /// A service has been reached for the first time since the feed began.
    func resolve(_ service: Int, _ sequence: Int64) {
        position[service] = max(position[service], sequence)
        for channel in channels.values { channel.resolve(service, sequence) }
    }

    /// Runs `body` as one of few.
    func catchUp<Value>(_ body: () async throws -> Value) async throws -> Value {
        if catchUps >= FeedPart.catchUpsMax {
            await withUnsafeContinuation { whenTurn.append($0) }
        } else {
            catchUps += 1
        }
        defer {
            if whenTurn.isEmpty { catchUps -= 1 } else { whenTurn.removeFirst().resume() }
        }
        return try await body()
    }

    private func drop(_ channel: FeedChannel) {
        guard channel.users == 0, channels[channel.workspace] === channel else { return }
        channels[channel.workspace] = nil
        hub.release()
    }
}
