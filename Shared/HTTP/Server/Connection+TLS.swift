import Loops

extension Connection {
    /// Shakes hands where TLS is spoken. False when nothing can follow: the client has been told, as far as it can be.
    /// - Throws: the channel's errors.
    func shakeHands() async throws -> Bool {
        guard let tls else { return true }
        do {
            tlsPeer = try await channel.secure(as: tls, within: limits.handshakeTimeout)
            return true
        } catch let error as TLSError {
            tls.onFailure(peer.text, error)
            if error == .plainHTTP { try await send(Connection.tlsIsSpokenHere, to: nil) }
            try await drained()
            // The alert is on its way, and what the client has sent meanwhile must not take it from it.
            await linger()
            return false
        } catch ChannelError.timedOut {
            tls.onFailure(peer.text, .handshake("took too long"))
            throw ChannelError.timedOut
        }
    }

    private static let tlsIsSpokenHere =
        Response.text("This port speaks HTTPS: use https://\n", status: .badRequest)
}

extension Peer {
    /// As a log shows it.
    public var text: String {
        switch self {
        case .inProcess: "in-process"
        case .unix: "unix"
        case .tcp(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
    }
}
