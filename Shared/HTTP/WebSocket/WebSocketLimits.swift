import Loops

/// What one WebSocket may use up: each bound has its reason, and its close code when it is passed.
public struct WebSocketLimits: Sendable {
    /// 1009 past it, as soon as a frame's head says so. What this API takes from clients is small.
    public var frameBytesMax = 64 * 1024
    /// Of all fragments of one message; 1009 past it.
    public var messageBytesMax = 256 * 1024
    /// Bytes offered to a reader that is too slow for them; 1013 past it, so that it connects again once it can.
    public var queuedBytesMax = 256 * 1024

    /// Between pings. Below the 60 s after which proxies cut what is quiet.
    public var pingInterval = Timeout.seconds(25)
    /// From a ping to its pong; 1011 past it.
    public var pongTimeout = Timeout.seconds(20)
    /// From this side's close to the peer's, and for the last frame to be taken.
    public var closeTimeout = Timeout.seconds(5)
    /// For the peer to take anything of what waits to be sent.
    public var writeTimeout = Timeout.seconds(30)

    public init() {}
}
