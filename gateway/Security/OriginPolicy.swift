import HTTP

/// Whose pages may call the API from a browser: those of the gateway itself, and of the origins that the operator has listed.
public struct OriginPolicy: Sendable, Equatable {
    /// Origins a list may name: each is compared with every request of a browser's.
    static let originsMax = 64

    /// Any page may, but not in the name of a signed-in user: a browser takes no credentials along then.
    public let isAny: Bool
    /// `scheme://host[:port]`, as browsers send them.
    let origins: [[UInt8]]

    /// No page of another origin may.
    public init() {
        isAny = false
        origins = []
    }

    /// - Parameter text: `*`, or origins with commas between them.
    public init?(_ text: String) {
        if text == "*" {
            isAny = true
            origins = []
            return
        }
        let parts = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        guard !parts.isEmpty, parts.count <= OriginPolicy.originsMax, parts.allSatisfy(OriginPolicy.isOrigin) else { return nil }
        isAny = false
        origins = parts.map { Array($0.utf8) }
    }

    /// No origin but its own may call.
    public var isEmpty: Bool { !isAny && origins.isEmpty }

    /// Whether pages of `origin` may call the API. Compared byte by byte: browsers write origins in one way only (RFC 6454 §6).
    public func lists(_ origin: ArraySlice<UInt8>) -> Bool { origins.contains { $0.elementsEqual(origin) } }

    /// Whether what a browser sends in a page's name may be heard where no preflight asks first, as for a WebSocket: when the
    /// page is the gateway's own, or of an origin that is listed. Who sends no origin is no browser.
    /// - Parameter usesCookie: the request is made in a signed-in user's name; `*` is not enough for that.
    public func admits(_ request: Request, usesCookie: Bool) -> Bool {
        guard let origin = request.headers.value("origin") else { return true }
        if lists(origin) || isAny && !usesCookie { return true }
        guard let host = request.headers.value("host") else { return false }
        let scheme: StaticString = request.tls == nil ? "http://" : "https://"
        let prefix = UnsafeBufferPointer(start: scheme.utf8Start, count: scheme.utf8CodeUnitCount)
        // Behind a proxy that ends TLS, the page's scheme is not the connection's.
        let behindProxy = Array("https://".utf8)
        return [Array(prefix), behindProxy].contains { ($0 + host).elementsEqual(origin) }
    }

    /// A scheme, a host in lower case and perhaps a port; nothing after them.
    private static func isOrigin(_ text: String) -> Bool {
        text.wholeMatch(of: #/https?://[a-z0-9._\-\[\]:]+/#) != nil && !text.hasSuffix(":")
    }
}
