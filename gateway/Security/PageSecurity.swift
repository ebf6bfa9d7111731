import HTTP

/// What browsers are told to refuse on a page's behalf.
enum PageSecurity {
    /// Scripts, styles and calls are the gateway's own and nothing is inline; nobody frames the page, and its forms go nowhere.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// As `policy`, for Swagger UI, which sets styles inline.
    static let swaggerPolicy = policy.replacing("style-src 'self'", with: "style-src 'self' 'unsafe-inline'")

    /// Nothing that a browser could give away of its machine is used here.
    private static let permissions =
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
        + "payment=(), usb=()"

    /// How long a browser comes back by HTTPS only (RFC 6797 §6.1.1): a year, which every visit begins anew.
    private static let transportSeconds = 365 * 24 * 60 * 60

    /// - Parameter isSecure: the page is sent over TLS; without it browsers pass over the last of these (RFC 6797 §7.2).
    static func add(_ policy: String, to headers: inout Headers, isSecure: Bool) {
        headers.add("content-security-policy", policy.utf8)
        headers.add("x-frame-options", "DENY".utf8)
        headers.add("referrer-policy", "no-referrer".utf8)
        headers.add("cross-origin-opener-policy", "same-origin".utf8)
        headers.add("cross-origin-resource-policy", "same-origin".utf8)
        headers.add("permissions-policy", permissions.utf8)
        if isSecure { headers.add("strict-transport-security", "max-age=\(transportSeconds)".utf8) }
    }
}
