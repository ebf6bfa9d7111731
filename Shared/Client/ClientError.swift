import CCurl

/// Why there is no answer. The details are for the log: they may name hosts.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The request cannot be sent as it is: a bad URL, another protocol than HTTP, a file that cannot be read.
    case invalidRequest(String)
    /// The name does not resolve, or nobody answers there. Nothing has been sent.
    case cannotConnect(String)
    /// The peer's certificate is not trusted, or TLS failed otherwise.
    case untrusted(String)
    case timedOut(String)
    case tooLarge(limit: Int)
    case tooManyRedirects
    /// The connection ended before the answer did.
    case connectionLost(String)
    case failed(String)

    /// Trying again may help.
    public var isTransient: Bool {
        switch self {
        case .cannotConnect, .timedOut, .connectionLost, .failed: true
        case .invalidRequest, .untrusted, .tooLarge, .tooManyRedirects: false
        }
    }

    public var description: String {
        switch self {
        case .invalidRequest(let detail): "invalid request: \(detail)"
        case .cannotConnect(let detail): "cannot connect: \(detail)"
        case .untrusted(let detail): "not trusted: \(detail)"
        case .timedOut(let detail): "timed out: \(detail)"
        case .tooLarge(let limit): "the answer is larger than \(limit) bytes"
        case .tooManyRedirects: "too many redirects"
        case .connectionLost(let detail): "connection lost: \(detail)"
        case .failed(let detail): detail
        }
    }

    init(_ code: CURLcode, _ detail: String, limit: Int) {
        let detail = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_READ_ERROR: self = .invalidRequest(detail)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: self = .cannotConnect(detail)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR:
            self = .untrusted(detail)
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut(detail)
        case CURLE_FILESIZE_EXCEEDED: self = .tooLarge(limit: limit)
        case CURLE_TOO_MANY_REDIRECTS: self = .tooManyRedirects
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            self = .connectionLost(detail)
        default: self = .failed(detail)
        }
    }
}
