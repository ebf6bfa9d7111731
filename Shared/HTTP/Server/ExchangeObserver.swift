/// Whoever wants to know how an answer went: named by the answer itself, so that nothing is paid for by those that name nobody.
public protocol ExchangeObserver: AnyObject, Sendable {
    /// Appends whole fields, each with its line end, to the answer's head. Called on the connection's loop.
    func appendFields(to head: inout [UInt8])

    /// The answer has been handed to the connection whole, or has failed; a stream has ended. Called once, on the connection's
    /// loop.
    /// - Parameter request: nil when what came was no request.
    func exchangeEnded(_ request: Request?, _ outcome: ExchangeOutcome)
}

/// How an exchange went.
public struct ExchangeOutcome: Sendable {
    public let status: Status
    /// Bytes of the request's content that were taken, without their framing.
    public let bytesIn: Int
    /// Bytes of the answer's content that were handed on, without their framing.
    public let bytesOut: Int
    /// The client left before it had everything, or the content broke off.
    public let isAborted: Bool
    public let peer: Peer

    public init(status: Status, bytesIn: Int, bytesOut: Int, isAborted: Bool, peer: Peer) {
        self.status = status
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.isAborted = isAborted
        self.peer = peer
    }
}

extension Connection {
    /// Tells the answer's observer, if it has one.
    func tell(_ response: Response, _ request: Request?, hasFailed: Bool) {
        guard let observer = response.observer else { return }
        // Such a stream has no end of its own: when the client has shut its side, it has left.
        let isLeft = if case .stream(let stream) = response.body { stream.isEndless && channel.isPeerShutDown } else { false }
        observer.exchangeEnded(
            request,
            ExchangeOutcome(
                status: response.status, bytesIn: request == nil ? 0 : content.bytesTaken, bytesOut: contentBytesSent,
                isAborted: hasFailed || isLeft || failure != nil, peer: peer))
    }
}
