/// Why an upstream did not answer.
public enum UpstreamError: Error, Sendable, Equatable {
    /// It could not be reached: nothing was sent, and trying again later is safe. 503.
    case unavailable(String)
    /// Too much is asked of it, or of this process, at the moment: nothing was sent. 503.
    case overloaded(String)
    /// It was too slow; the text names what was waited for. 504.
    case timeout(String)
    /// It answered with something that is not HTTP, or broke off. 502.
    case protocolError(String)

    /// What a gateway answers.
    public var status: Status {
        switch self {
        case .unavailable, .overloaded: .unavailable
        case .timeout: .gatewayTimeout
        case .protocolError: .badGateway
        }
    }
}
