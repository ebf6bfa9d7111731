import Loops

/// What a loop gives up when there is too much of something, before memory or descriptors run out.
extension ServerLoop {
    /// Idle connections closed at once: enough for the accepts of one turn.
    static let reclaimedAtOnceMax = 64
    /// When too few idle connections were found, looking again is not worth it for this long: each look walks all connections.
    private static let reclaimPauseMilliseconds: UInt64 = 100

    /// Whether one more request may be answered now; its end is told by `requestAnswered`.
    func beginRequest() -> Bool {
        guard requestCount < server.limits.requestsMax else { return false }
        requestCount += 1
        return true
    }

    func requestAnswered() { requestCount -= 1 }

    /// Closes connections on which nothing is under way, those first that have been idle longest, so that others can be let in.
    /// - Parameters:
    ///   - excess: how many there are too many, on all loops.
    ///   - asksOthers: what this loop has too few of is asked of the others.
    func reclaimIdle(_ excess: Int, asksOthers: Bool = true) {
        let wanted = min(excess - reclaimedCount, ServerLoop.reclaimedAtOnceMax)
        guard wanted > 0 else { return }
        guard loop.milliseconds >= reclaimNotBefore else {
            if asksOthers { server.reclaimIdle(wanted, except: self) }
            return
        }
        let idle = connections.values.filter(\.isReclaimable).sorted { $0.idleSince < $1.idleSince }
        if idle.count < wanted { reclaimNotBefore = loop.milliseconds + ServerLoop.reclaimPauseMilliseconds }
        for connection in idle.prefix(wanted) {
            reclaimedCount += 1
            connection.reclaim()
        }
        if asksOthers, idle.count < wanted { server.reclaimIdle(wanted - idle.count, except: self) }
    }

    /// Cuts off readers that have been waited for longest, until `bytes` are let go.
    func cutSlowReaders(_ bytes: Int) {
        var left = bytes
        let waiting = connections.values.filter { $0.heldOutputBytes > 0 }.sorted { $0.waitingSince < $1.waitingSince }
        for connection in waiting where left > 0 {
            left -= connection.heldOutputBytes
            connection.cancelTask()
            connection.dropReader()
        }
    }
}
