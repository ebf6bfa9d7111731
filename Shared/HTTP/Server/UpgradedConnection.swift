import Loops

/// A connection that has left HTTP: bytes in both directions. Confined to its loop.
///
/// Reading is pulled, so that a peer that is too fast waits; what is sent is queued, and whoever sends looks at `queuedBytes`, or
/// waits by `drained`.
public final class UpgradedConnection: @unchecked Sendable {  // Confined to its loop's thread.
    private let connection: Connection
    private var queue = PieceQueue()
    private var writeTimer: Timer?
    private var whenDrained: UnsafeContinuation<Void, Never>?
    private var whenDraining: (() -> Void)?
    /// For the peer to take anything of what waits to be sent; the connection is cut after it.
    public var writeTimeout: Timeout

    init(_ connection: Connection) {
        self.connection = connection
        writeTimeout = connection.limits.writeTimeout
    }

    public var loop: EventLoop { connection.loop }

    /// Sent, and not yet taken by the kernel.
    public var queuedBytes: Int { queue.count }

    /// Nothing that is sent now is read by anyone.
    public var isGone: Bool { connection.failure != nil }

    /// Calls `action` once when the server is about to end; at once when it is already.
    public func onDraining(_ action: @escaping () -> Void) {
        if connection.part.isDraining { action() } else { whenDraining = action }
    }

    /// The next bytes, at least one; nil when the peer sends no more or is gone.
    public func read() async -> [UInt8]? {
        var bytes: [UInt8] = []
        do {
            let isOpen = try await receive({ true }) { span in
                // The pointer is used within the closure only.
                span.withUnsafeBytes { bytes = Array($0) }
                return bytes.count
            }
            return isOpen ? bytes : nil
        } catch {
            return nil
        }
    }

    /// Waits for bytes and gives them to `body`, which says how many it has used, at least one; the others are given again.
    /// - Parameter mayWait: asked after every wake-up; false ends the wait.
    /// - Returns: false when the peer sends no more, or there is nothing and `mayWait` says so.
    /// - Throws: the channel's errors; what `body` throws.
    func receive(_ mayWait: () -> Bool, _ body: (RawSpan) throws -> Int) async throws -> Bool {
        while connection.input.isEmpty {
            // Who waits holds no memory to read into.
            connection.part.takeBack(connection.input.release())
            guard mayWait() else { return false }
            try await connection.channel.waitReadable(cancellable: false)
            let count = try connection.input.read(from: connection.channel, lend: connection.part.lendBlock)
            if count == 0 { return false }
            await connection.step()
        }
        let used = try connection.input.withBytes(body)
        connection.input.drop(used)
        return true
    }

    /// Ends a wait for bytes, so that its owner looks at what has changed. Nothing when nobody waits.
    func wakeReader() { connection.channel.wakeReader() }

    /// Sends a piece, at once when there is room. The same array may be sent to any number of connections.
    public func send(_ piece: [UInt8]) {
        add(piece)
        flush()
    }

    /// Queues a piece, to be sent together with what follows by `flush`.
    func add(_ piece: [UInt8]) {
        if !isGone { queue.append(piece) }
    }

    /// Drops what is queued, but for the rest of a piece that has been begun.
    func dropQueued() { queue.dropUnbegun(connection.channel.bytesBegun) }

    /// Sends what there is room for, and the rest when there is room.
    func flush() {
        guard !isGone, !queue.isEmpty else { return }
        let before = queue.count
        let part = connection.part
        do {
            let isSent = try queue.write(to: connection.channel, lend: { part.lendOutput() }, takeBack: { part.takeBack($0) })
            connection.contentBytesSent += before - queue.count
            if isSent {
                writeTimer?.pause()
                return resumeDrained()
            }
        } catch {
            return connection.fail(error)
        }
        if queue.count < before || writeTimer == nil { startWriteTimer() }
        connection.channel.notifyWhenWritable()
    }

    /// Returns when the kernel has taken everything, or the connection is gone. For one task at a time.
    public func drained() async {
        guard !queue.isEmpty, !isGone else { return }
        await withUnsafeContinuation { whenDrained = $0 }
    }

    /// Sends no more: the peer reads an end behind what is queued.
    public func shutDownWriting() async {
        await drained()
        if !isGone { connection.channel.shutDownWriting() }
    }

    /// Ends the connection now.
    public func cut() {
        connection.fail(ChannelError.closed)
        connection.channel.abort()
    }

    func tellDraining() {
        guard let tell = whenDraining else { return }
        whenDraining = nil
        tell()
    }

    /// The connection has failed.
    func tellFailed() {
        queue.removeAll()
        writeTimer?.pause()
        resumeDrained()
        wakeReader()
    }

    /// Nothing comes after this.
    func end() {
        writeTimer?.cancel()
        whenDraining = nil
    }

    private func startWriteTimer() {
        if writeTimer == nil { writeTimer = loop.timer { [weak self] in self?.cut() } }
        writeTimer?.reset(writeTimeout)
    }

    private func resumeDrained() {
        guard let waiter = whenDrained else { return }
        whenDrained = nil
        waiter.resume()
    }
}
