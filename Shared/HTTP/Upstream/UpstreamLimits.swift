import Loops

/// What the connections to an upstream may use up.
public struct UpstreamLimits: Sendable {
    /// An upstream is on this machine or in this cluster: what does not connect by then is down.
    public var connectTimeout = Timeout.seconds(2)
    /// From the request's last byte to the response's head.
    public var headTimeout = Timeout.seconds(60)
    /// For each next piece of a response (an endless one excepted), and for the upstream to take a piece of the request.
    public var progressTimeout = Timeout.seconds(30)
    /// An unused connection is closed after this, or a little earlier. Below the 75 s of `HTTPLimits.idleTimeout`: this end
    /// goes first.
    public var idleTimeout = Duration.seconds(60)
    /// Per loop; past it, requests wait for a connection as long as for connecting. Each open event stream holds one: there may
    /// be thousands of subscribers, and what bounds them is the descriptors that the gateway's own connections leave.
    public var connectionsMax = 8192
    /// Requests that wait for their answer's head, per loop; past it, a request is refused at once (503). One upstream that hangs
    /// does not take what the others' requests need.
    public var requestsMax = 1024
    /// Unused ones, per loop.
    public var idleConnectionsMax = 128
    /// Requests that wait for a connection, per loop.
    public var waitersMax = 1024
    /// Of response heads and chunks.
    public var http = HTTPLimits()

    public init() {}
}
