/// A request that HTTP itself refuses, before or without a handler.
public struct HTTPError: Error, Sendable, Equatable {
    public let status: Status
    /// What the client did, and may read.
    public let message: String
    /// The connection's framing can no longer be trusted: answer and close.
    public let closes: Bool

    public init(_ status: Status, _ message: String, closes: Bool = false) {
        self.status = status
        self.message = message
        self.closes = closes
    }

    public static func contentTooLarge(limit: Int) -> HTTPError {
        HTTPError(.contentTooLarge, "body: larger than the limit of \(limit) bytes", closes: true)
    }
}
