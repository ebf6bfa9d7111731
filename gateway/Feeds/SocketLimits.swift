import HTTP
import Loops

/// What one WebSocket of a feed may do.
struct SocketLimits: Sendable {
    /// Commands are short; a sealed token is the longest.
    static let messageBytesMax = 32 * 1024
    /// A page shows a few things at a time.
    static let channelsMax = 100
    static let channelBytesMax = 200
    /// Commands a second on average, and at once; 1008 past it.
    static let commandsPerSecond = 20.0
    static let commandBurst = 100.0

    /// For the first message to say who it is; 1008 past it.
    var authenticationMax = Timeout.seconds(10)
    /// A quiet connection's credential is looked at this often.
    var checkInterval = Timeout.seconds(15)

    var socket: WebSocketLimits = {
        var limits = WebSocketLimits()
        limits.frameBytesMax = messageBytesMax
        limits.messageBytesMax = messageBytesMax
        return limits
    }()
}

/// A token bucket for a client's commands.
struct CommandRate {
    private var left = SocketLimits.commandBurst
    private var filledAt = ContinuousClock.now

    /// Takes one. False when there is none left.
    mutating func take() -> Bool {
        let now = ContinuousClock.now
        let (seconds, attoseconds) = filledAt.duration(to: now).components
        filledAt = now
        left = min(
            SocketLimits.commandBurst, left + (Double(seconds) + Double(attoseconds) / 1e18) * SocketLimits.commandsPerSecond)
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
