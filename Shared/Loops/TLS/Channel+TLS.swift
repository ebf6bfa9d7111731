import COpenSSL

extension Channel {
    /// Shakes hands as a server; reading and writing are encrypted from then on.
    /// - Parameter timeout: for the whole handshake, however its bytes drip.
    /// - Returns: what the client has told of itself.
    /// - Throws: `TLSError` `.handshake`, `.plainHTTP`: the client has been sent the alert, and the channel is plain again;
    ///   `ChannelError.timedOut`, `.closed`.
    public func secure(as server: TLSServer, within timeout: Timeout) async throws -> TLSPeer {
        let ssl = SSL_new(server.context.pointer)
        if let ssl { SSL_set_accept_state(ssl) }
        return try await shakeHands(try TLSSession(ssl, over: self), within: timeout)
    }

    func shakeHands(_ session: TLSSession, within timeout: Timeout) async throws -> TLSPeer {
        self.session = session
        let timer = loop.timer { [unowned self] in
            session.isLate = true
            wakeReader()
            resume(.writing, throwing: nil)
        }
        timer.reset(timeout)
        defer { timer.cancel() }
        while true {
            switch session.shakeHands() {
            case .done: return session.peer
            case .wantsRead: try await waitReadable(cancellable: false)
            case .wantsWrite: try await waitWritable(cancellable: false)
            case .failed:
                let reason = TLSError.takeReason()
                self.session = nil
                throw session.looksLikeHTTP ? TLSError.plainHTTP : TLSError.handshake(reason)
            }
            if session.isLate { throw ChannelError.timedOut }
        }
    }
}
