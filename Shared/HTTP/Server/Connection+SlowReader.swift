import Loops

/// A peer that does not take what is sent as fast as it is made.
struct SlowReader {
    /// It is being waited for.
    var isWaitedFor = false
    /// Bytes that the kernel has taken for it since the account was last made up.
    var taken = 0
    /// Bytes that the kernel had for it then.
    var unsentBefore = 0
    var since: UInt64 = 0
    /// Bytes of memory that are counted as held for it.
    var held = 0
}

extension Connection {
    /// Bytes that wait for the peer in this process.
    var heldOutputBytes: Int { reader.held }
    var waitingSince: UInt64 { reader.since }

    /// There is something to send and no room for it. From now on the peer must take at least so much in each `writeTimeout`, as
    /// the kernel counts it: the room that it tells of comes in large steps, a slow reader's progress in small ones.
    /// - Parameter taken: bytes that the kernel has just taken.
    func waitForRoom(taken: Int) {
        reader.taken += taken
        guard !reader.isWaitedFor else { return }
        reader = SlowReader(isWaitedFor: true, unsentBefore: channel.unsentBytes, since: loop.milliseconds, held: output.count)
        if writeTimer == nil { writeTimer = loop.timer { [unowned self] in makeUpSlowReader() } }
        writeTimer?.reset(writeTimeout)
        if reader.held > 0, !part.server.admission.hold(reader.held) {
            // The longest first, this one perhaps among them; soon, since this one is in the midst of sending.
            loop.execute { [part] in part.cutSlowReaders(part.server.admission.heldBytes - part.server.limits.heldBytesMax) }
        }
    }

    func stopWaitingForRoom() {
        guard reader.isWaitedFor else { return }
        writeTimer?.pause()
        part.server.admission.letGo(reader.held)
        reader = SlowReader()
    }

    /// Ends the connection now, with all that waits for its peer.
    func dropReader() {
        fail(ChannelError.timedOut)
        channel.resetOnClose()
        channel.abort()
    }

    private func makeUpSlowReader() {
        let unsent = channel.unsentBytes
        let moved = reader.taken + reader.unsentBefore - unsent
        let least = max(1, bytesPerSecondMin * Int(clamping: writeTimeout.milliseconds) / 1000)
        guard moved >= least else { return dropReader() }
        reader.taken = 0
        reader.unsentBefore = unsent
        writeTimer?.reset(writeTimeout)
    }
}
