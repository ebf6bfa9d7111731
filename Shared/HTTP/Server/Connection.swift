import Loops

/// One client's connection: reads requests, has them answered, writes the answers, in one task on one loop. Confined to it.
final class Connection: ChannelDelegate, @unchecked Sendable {  // Confined to its loop's thread.
    enum Phase {
        /// Between requests.
        case idle
        case head
        case handling
        /// A handler produces content without an end of its own.
        case endless
        /// The connection has left HTTP.
        case upgraded
        case closing
    }

    let channel: Channel
    let part: ServerLoop
    let peer: Peer
    /// Nil where TLS is not spoken.
    let tls: TLSServer?
    var tlsPeer: TLSPeer?
    var input = InputBuffer()
    var content = RequestContent()
    var output = OutputQueue()
    var phase = Phase.idle
    /// Why nothing can be sent any more.
    private(set) var failure: (any Error)?
    var drainWaiters: [DrainWaiter] = []
    var writeTimer: Timer?
    var isFlushScheduled = false
    var drainWaitNumber: UInt64 = 0
    /// Tells the content of one request from the next's, for a stream that outlives its request.
    var contentNumber: UInt64 = 0
    /// Pieces read or written, and requests answered, since the loop's other tasks last had a turn.
    private var stepsSinceTurn = 0
    /// Bytes of the current answer's content, without their framing.
    var contentBytesSent = 0
    /// Whoever sends and receives now that the connection has left HTTP.
    var upgraded: UpgradedConnection?
    /// The final answer to the current request has been begun.
    var hasAnswered = false
    private var parser: RequestParser
    private var task: Task<Void, Never>?
    private var deadline: Timer?
    private var isPastDeadline = false
    /// The peer is at a Unix socket: one of the suite's own.
    private let isLocalHop: Bool
    /// When it last became idle, as its loop counts.
    private(set) var idleSince: UInt64 = 0
    /// It is to close as soon as nothing is under way: its place is wanted.
    private(set) var isReclaimed = false
    /// What the peer has taken since it began to be waited for, and since when.
    var reader = SlowReader()

    var loop: EventLoop { part.loop }
    var limits: HTTPLimits { part.server.limits }
    /// What a slow peer is granted.
    var bodyTimeout: Timeout { isLocalHop ? limits.hopTimeout : limits.bodyTimeout }
    var writeTimeout: Timeout { isLocalHop ? limits.hopTimeout : limits.writeTimeout }
    var bytesPerSecondMin: Int { isLocalHop ? 0 : limits.bytesPerSecondMin }

    init(_ channel: Channel, _ peer: Peer, _ tls: TLSServer?, on part: ServerLoop) {
        self.channel = channel
        self.peer = peer
        self.tls = tls
        self.part = part
        parser = part.parser
        isLocalHop = peer == .unix
        channel.delegate = self
    }

    func start() { task = loop.task { await self.run() } }

    /// Ends the connection as soon as it owes nothing to the client.
    func beginDraining() {
        switch phase {
        case .idle: channel.wakeReader()
        case .endless: task?.cancel()
        case .upgraded: upgraded?.tellDraining()
        case .head, .handling, .closing: break
        }
    }

    /// Ends the connection now; the handler is cancelled.
    func cutOff() {
        fail(ChannelError.closed)
        task?.cancel()
        channel.abort()
    }

    func cancelTask() { task?.cancel() }

    /// Nothing is under way on it.
    var isReclaimable: Bool { phase == .idle && !isReclaimed && !channel.mayBeReadable }

    /// Ends an idle connection; what has arrived is still answered.
    func reclaim() {
        isReclaimed = true
        channel.wakeReader()
    }

    /// Lets others have a turn now and then: a peer that is as fast as this side never makes it wait.
    func step() async {
        stepsSinceTurn += 1
        if stepsSinceTurn < Connection.stepsPerTurnMax { return }
        stepsSinceTurn = 0
        await Task.yield()
    }

    /// With pieces of 64 KiB, a few hundred microseconds.
    private static let stepsPerTurnMax = 8

    func channelBecameWritable() {
        if let upgraded { upgraded.flush() } else { flush() }
    }

    func channelHungUp() {
        fail(ChannelError.hungUp)
        task?.cancel()
    }

    func channelPeerShutDown() {
        if phase == .endless { task?.cancel() }
    }

    /// Nothing can be sent any more: drops what waits to be, and tells who waits for it.
    func fail(_ error: any Error) {
        if failure == nil { failure = error }
        output.reset()
        stopWaitingForRoom()
        resumeDrainWaiters(throwing: failure)
        upgraded?.tellFailed()
    }

    private func run() async {
        do {
            var goesOn = try await shakeHands()
            while goesOn, let head = try await nextHead() { goesOn = try await serve(head) }
            try await drained()
            if !input.isEmpty || !content.isAtEnd || upgraded != nil { await linger() }
        } catch let error as HTTPError {
            // An answer that has been begun cannot be taken back: its early end tells the client.
            if hasAnswered { await linger() } else { await refuse(error) }
        } catch {
            // The connection has failed, and there is nobody left to tell.
        }
        close()
    }

    private func close() {
        phase = .closing
        upgraded = nil
        deadline?.cancel()
        writeTimer?.cancel()
        fail(ChannelError.closed)
        part.server.admission.letGo(content.heldBytes)
        channel.close()
        part.takeBack(input.release())
        part.takeBack(output.release())
        part.ended(self)
    }

    /// The next request's head, or nil when the client sends no more or need not be waited for.
    /// - Throws: `HTTPError` for what is no head, or does not come in time; the channel's errors.
    private func nextHead() async throws -> RequestHead? {
        phase = .idle
        part.idleTurns += 1
        idleSince = part.idleTurns
        hasAnswered = false
        while true {
            if !input.isEmpty, let head = try input.withBytes({ span throws(HTTPError) in try parser.parse(span) }) {
                input.drop(head.byteCount)
                deadline?.pause()
                if output.count > OutputQueue.batchBytesMax { try await drained() }
                await step()
                return head
            }
            try await drained()
            if input.isEmpty {
                part.takeBack(input.release())
            } else if phase == .idle {
                phase = .head
                setDeadline(limits.headTimeout)
            }
            guard try await readMore() else { return nil }
        }
    }

    /// Waits for more of a head. False when none will come.
    private func readMore() async throws -> Bool {
        while true {
            // What has arrived before the draining began is still answered.
            if !part.isDraining && !isReclaimed || phase == .head {
                do {
                    if !channel.mayBeReadable { stepsSinceTurn = 0 }
                    try await channel.waitReadable(limits.idleTimeout, cancellable: false)
                } catch ChannelError.timedOut {
                    return false
                }
            }
            if isPastDeadline { throw HTTPError(.requestTimeout, "head: took too long", closes: true) }
            if let count = try input.read(from: channel, lend: part.lendBlock) { return count > 0 }
            if part.isDraining || isReclaimed, phase == .idle { return false }
        }
    }

    /// Answers what cannot be a request, so that the client can read it.
    private func refuse(_ error: HTTPError) async {
        do {
            let response = part.server.renderError(error)
            defer { tell(response, nil, hasFailed: false) }
            try await send(response, to: nil)
            try await drained()
            await linger()
        } catch {
            // The client has gone without its answer.
        }
    }

    /// Closes this side, and reads on for a while: closing over unread bytes resets the connection, and the client might lose
    /// the answer that is still on its way (RFC 9112 §9.6).
    func linger() async {
        phase = .closing
        flush()
        channel.shutDownWriting()
        input.drop(input.count)
        setDeadline(limits.lingerTimeout)
        var left = limits.discardBytesMax * 4
        while left > 0, !isPastDeadline {
            do {
                guard let count = try input.read(from: channel, lend: part.lendBlock) else {
                    try await channel.waitReadable(limits.lingerTimeout, cancellable: false)
                    continue
                }
                if count == 0 { return }
                left -= count
                input.drop(count)
            } catch {
                return
            }
        }
    }

    private func setDeadline(_ timeout: Timeout) {
        isPastDeadline = false
        if deadline == nil {
            deadline = loop.timer { [unowned self] in
                isPastDeadline = true
                channel.wakeReader()
            }
        }
        deadline?.reset(timeout)
    }
}
