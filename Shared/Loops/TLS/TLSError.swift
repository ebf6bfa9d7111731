import COpenSSL

/// What goes wrong with TLS.
public enum TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A certificate, key or list of authorities that cannot be used: which file, and why.
    case unusable(String)
    /// A handshake that failed: OpenSSL's reason.
    case handshake(String)
    /// The client speaks plain HTTP.
    case plainHTTP

    public var description: String {
        switch self {
        case .unusable(let reason): reason
        case .handshake(let reason): "TLS handshake: \(reason)"
        case .plainHTTP: "plain HTTP on a TLS port"
        }
    }

    /// The first of OpenSSL's errors on this thread in words; the others are dropped.
    static func takeReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "the connection ended" }
        // Of a system call's error, the number is the code itself.
        guard let reason = ERR_reason_error_string(code) else { return SystemError("", code: Int32(code & 0x7FFF)).reason }
        return String(cString: reason)
    }
}
