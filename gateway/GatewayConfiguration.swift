import Loops
import Models
import Service

/// What the gateway can be told, beside what every service can.
public struct GatewayConfiguration: Sendable {
    public var service: ServiceConfiguration
    public var listen: SocketAddress
    /// Requests a second per credential and per address; 0 for no limit.
    public var rateLimit: Double = 100_000
    /// The folder of Swagger UI's files; a plain page of our own is served where there is none.
    public var swaggerFolder: String?

    public init(_ service: ServiceConfiguration, listen: SocketAddress) {
        self.service = service
        self.listen = listen
    }

    public static let options: [Option] =
        ServiceConfiguration.options + [
            Option("port", "PORT", "the port on 127.0.0.1; 0 for any free one", default: "8080"),
            Option("listen", "ADDRESS", "another address to listen on, HOST:PORT or unix:PATH"),
            Option("rate-limit", "N", "requests a second per credential and per address; 0 for no limit", default: "100000"),
            Option("swagger-ui", "DIR", "Swagger UI's files; found beside this program unless set"),
        ]

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
        rateLimit = try options.number("rate-limit", in: 0...1e9)
        swaggerFolder = options.string("swagger-ui")
    }
}
