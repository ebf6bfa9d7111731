import Synchronization

/// What a listener needs to speak TLS: a certificate and its key, which can be read anew while connections go on.
public final class TLSServer: Sendable {
    public let configuration: TLSConfiguration
    /// Told of every handshake that fails, on the connection's loop: who, and why.
    public let onFailure: @Sendable (_ peer: String, TLSError) -> Void
    private let current: Mutex<TLSContext>

    /// Reads the files.
    /// - Throws: `TLSError.unusable`.
    public init(
        _ configuration: TLSConfiguration, onFailure: @escaping @Sendable (_ peer: String, TLSError) -> Void = { _, _ in }
    ) throws(TLSError) {
        self.configuration = configuration
        self.onFailure = onFailure
        current = Mutex(try TLSContext(configuration))
    }

    /// The certificate that new connections are shown.
    public var certificate: TLSCertificate { context.certificate }

    /// Reads the files again, for the connections from now on; those that there are keep what they have. Sessions from before
    /// cannot be resumed: what a client once proved is proved again to the authorities of now.
    /// - Throws: `TLSError.unusable`; everything is as it was then.
    public func reload() throws(TLSError) {
        let read = try TLSContext(configuration)
        current.withLock { $0 = read }
    }

    var context: TLSContext { current.withLock { $0 } }
}
