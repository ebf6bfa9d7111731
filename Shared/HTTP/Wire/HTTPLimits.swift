import Loops

/// What a connection may use up: each bound has its reason, and its status when it is passed.
public struct HTTPLimits: Sendable {
    /// 414 past it. Longer targets are not made by people, nor by this API's cursors.
    public var targetBytesMax = 8 * 1024
    /// The start line and all fields; 431 past it. Room for a browser's cookies and a big token.
    public var headBytesMax = 32 * 1024
    /// 431 past it: each field costs 16 bytes and a look at every search.
    public var fieldsMax = 100
    /// Of all chunks of one body: extensions mean nothing here, and must not be a way to send for ever.
    public var chunkExtensionBytesMax = 16 * 1024
    /// Trailer fields are read and dropped.
    public var trailerBytesMax = 8 * 1024
    /// A body with a `Content-Length` up to this, which came together with its head, is handed over whole.
    public var wholeBodyBytesMax = 64 * 1024
    /// What is read and thrown away of a body that the handler did not want, to keep the connection; past it, it is closed.
    public var discardBytesMax = 256 * 1024
    /// Over all loops; past it a connection is answered with 503 and closed. A program sets it by the descriptors that it may
    /// have.
    public var connectionsMax = 10_000
    /// From one address (an IPv6 client's whole /64), over all loops; past it a connection is answered with 429 and closed. 0:
    /// as many as there may be at all, since many people may share an address.
    public var connectionsPerAddressMax = 0
    /// Requests of one loop whose answers have not begun; past it a request is answered with 503. More at once would only wait
    /// for each other, each with its task and its body in memory.
    public var requestsMax = 4096
    /// Over all loops: bodies that are gathered for handlers, and answers that wait for slow readers. Past it, a body that is
    /// being gathered is refused with 503, and the readers that have been waited for longest are cut off.
    public var heldBytesMax = 256 << 20

    /// From the beginning of a TLS connection to the end of its handshake: a few round trips.
    public var handshakeTimeout = Timeout.seconds(10)
    /// From a request's first byte to the end of its head.
    public var headTimeout = Timeout.seconds(10)
    /// Between requests. Above the 60 s that proxies keep a connection, so that theirs ends first.
    public var idleTimeout = Timeout.seconds(75)
    /// For each next piece of a body; and for each so long that a client is waited for, `bytesPerSecondMin` must have come.
    public var bodyTimeout = Timeout.seconds(30)
    /// For the peer to take something of what waits to be sent; and for each so long that it is waited for, it must have taken
    /// `bytesPerSecondMin`.
    public var writeTimeout = Timeout.seconds(30)
    /// A peer that sends or takes less than this while it is waited for is cut off: a body dripped in, an answer sipped at. Far
    /// below any line that people use. A stream that has nothing to say is not waited for.
    public var bytesPerSecondMin = 500
    /// Instead of `bodyTimeout` and `writeTimeout`, and without a least rate, for peers at a Unix socket: they are the suite's
    /// own, and pass on what a client sends or takes, which they hold to its limits. A piece of 64 KiB takes a client at the
    /// least rate 131 s.
    public var hopTimeout = Timeout.seconds(300)
    /// For the peer to read a final answer before the connection is closed under it.
    public var lingerTimeout = Timeout.seconds(2)

    public init() {}

    /// Left to everything but connections: databases, logs, runs' pipes, listeners; of few descriptors, half.
    private static let otherDescriptorsMax = 1024

    /// As many connections as a process may have that has `descriptorsMax` descriptors.
    /// - Parameter descriptorsPerRequest: 2 when requests are passed on over connections of their own: not all that are open
    /// are at
    ///   it at once, but a third of them may.
    public static func connectionsMax(_ descriptorsMax: Int, descriptorsPerRequest: Int = 1) -> Int {
        let free = descriptorsMax - min(otherDescriptorsMax, descriptorsMax / 2)
        return max(1, descriptorsPerRequest == 1 ? free : free - free / 4)
    }
}
