import CCurl
import Loops

/// A loop's share of libcurl: one multi handle with its pool of connections, whose sockets and timer the loop watches.
///
/// libcurl calls back while it is called, always on the loop; what it is told about a socket or the timer is only noted, so that
/// it is never entered a second time.
final class TransferLoop: @unchecked Sendable {  // Confined to its loop's thread, but for `init` and `deinit`.
    /// Idle connections kept open.
    private static let pooledConnectionsMax = 64
    /// Further requests wait for one of these to end.
    private static let connectionsMax = 512

    let loop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private var watches: [Int32: Watch] = [:]
    private var timer: Timer?
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]

    private static let isInitialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// - Throws: `ClientError` when libcurl has no memory left.
    init(_ loop: EventLoop) throws(ClientError) {
        guard TransferLoop.isInitialized, let multi = curl_multi_init() else { throw .failed("libcurl does not start") }
        self.loop = loop
        self.multi = multi
        _ = nexus_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, TransferLoop.pooledConnectionsMax)
        _ = nexus_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, TransferLoop.connectionsMax)
        // Unretained: the callbacks are taken away before the object is gone.
        let context = Unmanaged.passUnretained(self).toOpaque()
        nexus_curl_set_socket_function(
            multi,
            { _, socket, what, context, _ in
                TransferLoop.from(context).watch(socket, what)
                return 0
            }, context)
        nexus_curl_set_timer_function(
            multi,
            { _, milliseconds, context in
                TransferLoop.from(context).wake(after: milliseconds)
                return 0
            }, context)
    }

    deinit {
        nexus_curl_set_socket_function(multi, nil, nil)
        nexus_curl_set_timer_function(multi, nil, nil)
        // The handle has no other owner left, and is taken apart on the loop, where its sockets may still be watched.
        nonisolated(unsafe) let multi = multi
        let watches = Array(watches.values)
        let timer = timer
        loop.execute {
            timer?.cancel()
            for watch in watches { watch.cancel() }
            curl_multi_cleanup(multi)
        }
    }

    /// Starts a transfer, and keeps it until it has ended.
    func add(_ transfer: Transfer) {
        loop.preconditionCurrent()
        running[transfer.easy] = transfer
        curl_multi_add_handle(multi, transfer.easy)
    }

    /// Ends a transfer early: libcurl never calls back for it again. Its connection is closed unless its answer was complete.
    func remove(_ transfer: Transfer) {
        guard running.removeValue(forKey: transfer.easy) != nil else { return }
        curl_multi_remove_handle(multi, transfer.easy)
    }

    /// Lets a paused transfer go on.
    func resume(_ transfer: Transfer) {
        guard running[transfer.easy] != nil else { return }
        curl_easy_pause(transfer.easy, CURLPAUSE_CONT)
        finishEnded()
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> TransferLoop {
        guard let context else { preconditionFailure("libcurl gives back the context that it was given") }
        return Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue()
    }

    private func watch(_ socket: Int32, _ what: Int32) {
        if what == CURL_POLL_REMOVE {
            watches.removeValue(forKey: socket)?.cancel()
            return
        }
        var interest: Watch.Interest = []
        if what & CURL_POLL_IN != 0 { interest.insert(.read) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.write) }
        do {
            if let watch = watches[socket] { return try watch.update(interest) }
            watches[socket] = try loop.watch(socket, interest) { [weak self] ready in self?.ready(socket, ready) }
        } catch {
            // Not watchable: libcurl finds out by the transfer's own time limit.
            watches.removeValue(forKey: socket)?.cancel()
        }
    }

    private func ready(_ socket: Int32, _ ready: Watch.Interest) {
        var events: Int32 = 0
        if ready.contains(.read) { events |= CURL_CSELECT_IN }
        if ready.contains(.write) { events |= CURL_CSELECT_OUT }
        if ready.contains(.failure) { events |= CURL_CSELECT_ERR }
        act(socket, events)
    }

    private func wake(after milliseconds: Int) {
        if milliseconds < 0 {
            timer?.pause()
        } else if milliseconds == 0 {
            // Not from here: this is called from inside libcurl. Early or twice does no harm.
            loop.execute { [weak self] in self?.act(CURL_SOCKET_TIMEOUT, 0) }
        } else {
            if timer == nil {
                timer = loop.timer { [weak self] in self?.act(CURL_SOCKET_TIMEOUT, 0) }
            }
            timer?.reset(.milliseconds(milliseconds))
        }
    }

    private func act(_ socket: Int32, _ events: Int32) {
        var left: Int32 = 0
        curl_multi_socket_action(multi, socket, events, &left)
        finishEnded()
    }

    private func finishEnded() {
        while true {
            let done = nexus_curl_next_done(multi)
            guard let easy = done.easy else { return }
            guard let transfer = running.removeValue(forKey: easy) else { continue }
            curl_multi_remove_handle(multi, easy)
            transfer.end(done.result)
        }
    }
}
