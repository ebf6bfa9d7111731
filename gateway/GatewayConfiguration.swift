import Loops
import Models
import Service

/// What the gateway can be told, beside what every service can.
public struct GatewayConfiguration: Sendable {
    public var service: ServiceConfiguration
    public var listen: SocketAddress
    /// What one client may take.
    public var limits = GatewayLimits()
    /// Where the line of each request goes; nil for `DIR/log/access.log`.
    public var accessLog: AccessLog.Destination?
    /// What one client of `/ws` may do.
    var socketLimits = SocketLimits()
    /// The folder of Swagger UI's files; a plain page of our own is served where there is none.
    public var swaggerFolder: String?
    /// HTTPS on `listen`; nil for plain HTTP.
    public var tls: TLSConfiguration?
    /// Whose pages may call the API from a browser, beside the gateway's own.
    public var origins = OriginPolicy()

    /// Where this machine's own programs reach the gateway without TLS: a Unix socket that only this user may open.
    public var internalAddress: SocketAddress { .unix(path: service.socketPath("gateway")) }

    /// Browsers reach the suite over HTTPS, spoken by itself or by a proxy before it.
    var isReachedOverTLS: Bool { tls != nil || service.publicURL?.hasPrefix("https://") ?? false }

    public init(_ service: ServiceConfiguration, listen: SocketAddress) {
        self.service = service
        self.listen = listen
    }

    public static let options: [Option] =
        ServiceConfiguration.options + [
            Option("port", "PORT", "the port on 127.0.0.1; 0 for any free one", default: "8080"),
            Option("listen", "ADDRESS", "another address to listen on, HOST:PORT or unix:PATH"),
        ] + ownOptions

    /// The gateway's alone, wherever it listens: what a supervisor passes on to it.
    public static let ownOptions: [Option] =
        [
            Option("access-log", "FILE", "a line per request: a file, - for standard error, off; DIR/log/access.log unless set"),
            Option("swagger-ui", "DIR", "Swagger UI's files; found beside this program unless set"),
        ] + GatewayLimits.options + SecurityOptions.all

    /// - Throws: `Options.Problem`.
    public init(_ options: Options) throws {
        let service = try ServiceConfiguration(options)
        if let text = options.string("listen") {
            guard let address = SocketAddress(text) else {
                throw Options.Problem(message: "--listen: '\(text)' is neither HOST:PORT nor unix:PATH")
            }
            self.init(service, listen: address)
        } else {
            let port = try options.integer("port", in: 0...65_535)
            self.init(service, listen: .tcp(host: "127.0.0.1", port: UInt16(port)))
        }
        limits = try GatewayLimits(options)
        switch options.string("access-log") {
        case nil: break
        case "off": accessLog = .off
        case "-": accessLog = .standardError
        case .some(let path): accessLog = .file(path)
        }
        swaggerFolder = options.string("swagger-ui")
        tls = try SecurityOptions.tls(options, listen: listen)
        origins = try SecurityOptions.origins(options)
    }

    /// The options that say the same again, for a gateway in a process of its own.
    public var accessLogArguments: [String] {
        switch accessLog {
        case nil: []
        case .off: ["--access-log", "off"]
        case .standardError: ["--access-log", "-"]
        case .file(let path): ["--access-log", path]
        }
    }
}
