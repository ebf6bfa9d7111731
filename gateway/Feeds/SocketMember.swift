import HTTP
import Loops
import Models

/// What one WebSocket has subscribed to in one workspace. Confined to its loop.
final class SocketMember: FeedMember, @unchecked Sendable {  // Confined to its session's loop.
    let channel: FeedChannel
    var names: [SocketChannel] = []
    var rights: FeedRights
    private(set) var index: Int
    private unowned let session: SocketSession
    private var isScheduled = false

    init(_ session: SocketSession, _ channel: FeedChannel, _ rights: FeedRights) {
        self.session = session
        self.channel = channel
        self.rights = rights
        index = channel.endIndex
    }

    /// Has the events sent in a turn of its own, so that a thousand of these hold up nobody.
    func feedHasNews() {
        guard !isScheduled else { return }
        isScheduled = true
        session.schedule(self)
    }

    /// The frames of the events that are new; nil when some have been missed.
    func takeFrames() -> [[UInt8]]? {
        isScheduled = false
        guard index >= channel.firstIndex else { return nil }
        var frames: [[UInt8]] = []
        for event in channel.events(from: index) where rights.allow(event) {
            for name in names where name.takes(event) { frames.append(event.frame(on: name.name)) }
        }
        index = channel.endIndex
        return frames
    }
}
