import Loops

/// Where a subscriber is in a channel.
struct FeedCursor {
    /// The number of the next event in the channel that it has not looked at.
    var index: Int
    var position: FeedPosition
    /// The channel's revision when it was last seen to hold all that the cursor lacks; nil before the first time.
    var revision: Int?
    /// Every event's own position says as much as the cursor knows: there is nothing to join any more.
    var isInLine = false
}

/// Somebody to be told on the loop that a channel has news.
protocol FeedMember: AnyObject {
    func feedHasNews()
}

/// The recent events of one workspace, on one loop. Confined to it; the events themselves are shared by all loops.
final class FeedChannel: @unchecked Sendable {  // Confined to its loop's thread.
    /// Kept for those who connect again, and for those who read slowly; what is older is in the outboxes.
    static let eventsMax = 1024
    static let bytesMax = 4 << 20
    /// Handed to a subscriber at once.
    static let batchBytesMax = 64 * 1024

    let workspace: String
    /// Every event of the workspace that is not in `base` is here, as far as this loop has heard.
    private(set) var base: FeedPosition
    /// Rises when the base does without an event going: when a service is reached that was not.
    private(set) var revision = 0
    /// The number of the first event that is kept.
    private(set) var firstIndex = 0
    private var events: [FeedEvent?] = []
    /// How many at the front have gone already, and are nil.
    private var gone = 0
    private var bytes = 0
    private var members: [ObjectIdentifier: any FeedMember] = [:]
    /// Subscribers; the channel goes some time after the last.
    var users = 0

    init(_ workspace: String, at base: FeedPosition) {
        self.workspace = workspace
        self.base = base
    }

    /// The number after the last event's.
    var endIndex: Int { firstIndex + events.count - gone }

    func append(_ event: FeedEvent) {
        events.append(event)
        bytes += event.bytes
        while events.count - gone > FeedChannel.eventsMax || bytes > FeedChannel.bytesMax, events.count - gone > 1 { dropFirst() }
    }

    /// Raises the base to what a service that was not reached before turned out to have told.
    func resolve(_ service: Int, _ sequence: Int64) {
        base[service] = max(base[service], sequence)
        revision += 1
        tell()
    }

    /// Tells of news.
    func tell() {
        for member in members.values { member.feedHasNews() }
    }

    func add(_ member: any FeedMember) { members[ObjectIdentifier(member)] = member }

    func remove(_ member: any FeedMember) { members[ObjectIdentifier(member)] = nil }

    /// The events from a number on, which must be kept.
    func events(from index: Int) -> some Sequence<FeedEvent> { events[(gone + index - firstIndex)...].lazy.compactMap { $0 } }

    /// Calls `take` with each event after the cursor, until it says that it is enough; moves the cursor behind them.
    /// - Returns: false when the channel no longer holds all that the cursor lacks.
    func read(_ cursor: inout FeedCursor, _ take: (FeedEvent, FeedPosition) -> Bool) -> Bool {
        if cursor.index < firstIndex || cursor.revision != revision {
            guard cursor.position.covers(base) else { return false }
            cursor.index = max(cursor.index, firstIndex)
            cursor.revision = revision
        }
        while cursor.index < endIndex {
            let event = events[gone + cursor.index - firstIndex]
            cursor.index += 1
            guard let event, event.sequence > cursor.position[event.service] else { continue }
            if !cursor.isInLine, event.position.covers(cursor.position) { cursor.isInLine = true }
            if cursor.isInLine {
                cursor.position = event.position
            } else {
                cursor.position[event.service] = event.sequence
            }
            if !take(event, cursor.position) { break }
        }
        return true
    }

    private func dropFirst() {
        if let event = events[gone] {
            base[event.service] = event.sequence
            bytes -= event.bytes
        }
        events[gone] = nil
        gone += 1
        firstIndex += 1
        guard gone > FeedChannel.eventsMax else { return }
        events.removeFirst(gone)
        gone = 0
    }
}
