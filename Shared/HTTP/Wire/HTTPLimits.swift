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
    /// Over all loops; past it a connection is answered with 503 and closed.
    public var connectionsMax = 10_000

    /// From the beginning of a TLS connection to the end of its handshake: a few round trips.
    public var handshakeTimeout = Timeout.seconds(10)
    /// From a request's first byte to the end of its head.
    public var headTimeout = Timeout.seconds(10)
    /// Between requests. Above the 60 s that proxies keep a connection, so that theirs ends first.
    public var idleTimeout = Timeout.seconds(75)
    /// For each next piece of a body that is being waited for.
    public var bodyTimeout = Timeout.seconds(30)
    /// For the peer to take anything of what waits to be sent.
    public var writeTimeout = Timeout.seconds(30)
    /// For the peer to read a final answer before the connection is closed under it.
    public var lingerTimeout = Timeout.seconds(2)

    public init() {}
}
