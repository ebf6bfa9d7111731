import HTTP
import Service

/// What one client may take of the gateway, and all of them together.
public struct GatewayLimits: Sendable {
    /// Requests a second per credential and per address; 0 for no limit.
    public var requestsPerSecond: Double = 100_000
    /// Sign-ins and renewals a minute from one address; 0 for no limit.
    public var loginsPerMinute = 300
    /// Who is believed when it says for whom it sends a request.
    public var trustedProxies = TrustedProxies.none
    /// Connections at once; 0: as many as the limit of descriptors allows.
    public var connectionsMax = 0
    /// Connections at once from one address; 0 for no limit.
    public var connectionsPerAddressMax = 0

    public init() {}

    public static let options: [Option] = [
        Option("rate-limit", "N", "requests a second per credential and per address; 0 for no limit", default: "100000"),
        Option("login-rate", "N", "sign-ins and renewals a minute from one address; 0 for no limit", default: "300"),
        Option(
            "trusted-proxies", "LIST",
            "proxies believed in Forwarded and X-Forwarded-For: addresses, CIDR blocks, or unix, e.g. 10.0.0.0/8,unix"),
        Option("connections-max", "N", "connections at once; 0: as many as the limit of open files allows", default: "0"),
        Option("connections-per-address", "N", "connections at once from one address; 0 for no limit", default: "0"),
    ]

    /// - Throws: `Options.Problem`.
    public init(_ options: Options) throws {
        requestsPerSecond = try options.number("rate-limit", in: 0...1e9)
        loginsPerMinute = try options.integer("login-rate", in: 0...1_000_000)
        connectionsMax = try options.integer("connections-max", in: 0...10_000_000)
        connectionsPerAddressMax = try options.integer("connections-per-address", in: 0...10_000_000)
        let list = options.string("trusted-proxies") ?? ""
        guard let proxies = TrustedProxies(list) else {
            throw Options.Problem(message: "--trusted-proxies: '\(list)' is no list of addresses, CIDR blocks and unix")
        }
        trustedProxies = proxies
    }

    /// The limits of the gateway's server.
    /// - Parameters:
    ///   - descriptorsMax: what the process may have open.
    ///   - descriptorsPerRequest: 2 when a request that is passed on takes a connection of its own, 1 when it stays in the
    ///     process.
    func http(descriptorsMax: Int, descriptorsPerRequest: Int) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.connectionsPerAddressMax = connectionsPerAddressMax
        limits.connectionsMax =
            connectionsMax > 0
            ? connectionsMax : HTTPLimits.connectionsMax(descriptorsMax, descriptorsPerRequest: descriptorsPerRequest)
        return limits
    }
}
