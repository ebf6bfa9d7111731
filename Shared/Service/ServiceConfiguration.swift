import Loops
import Models

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What every service can be told.
public struct ServiceConfiguration: Sendable {
    /// The folder of all databases, keys, logs and artifacts (`DIR`).
    public var dataDirectory: String
    /// Requests are answered without a credential, as the owner of the default workspace. Loopback only.
    public var insecureLocal = false
    /// Where a run's reports go: the gateway's address.
    public var publicURL: String?
    /// Seconds a run may be silent before it counts as lost.
    public var leaseSeconds: Double = 30
    /// Seconds between a run's heartbeats.
    public var heartbeatSeconds: Double = 5
    /// Runs at work at once on this machine.
    public var runsMax = 64
    /// Bytes of a JSON body.
    public var bodyBytesMax = 1 << 20
    /// Bytes of an attachment, artifact or file.
    public var attachmentBytesMax = 1 << 30
    /// Seconds given to requests, streams and runs when the suite is told to end.
    public var drainSeconds: Double = 10
    /// A JWKS file whose keys may also sign admin tokens (RS256, ES256), with the issuer and audience that they must name.
    public var jwksFile: String?
    public var jwtIssuer: String?
    public var jwtAudience: String?
    /// What is less than this is not logged; at `debug` services log each request.
    public var logLevel = Log.Level.info
    /// Where spans go.
    public var tracing = TracingConfiguration()
    /// `/metrics` is answered without a credential.
    public var opensMetrics = false
    /// The executable that runs execute; found beside the running one when absent.
    public var runnerPath: String?
    /// Where other services are, for those that are not at their usual Unix socket: `tasks=127.0.0.1:8085`.
    public var peers: [ServiceName: SocketAddress] = [:]

    /// Everything at its default, in the folder given, or the default one.
    public init(dataDirectory: String?) {
        self.dataDirectory = ServiceConfiguration.absolute(dataDirectory ?? Options.defaultDataDirectory)
    }

    /// The options behind this configuration.
    public static let options: [Option] =
        [
            Option("data", "DIR", "folder of databases, keys, logs and artifacts", default: Options.defaultDataDirectory),
            Option("public-url", "URL", "where runs report to; the gateway's own address unless set"),
            Option("lease", "DURATION", "silence after which a run counts as lost", default: "30s"),
            Option("heartbeat", "DURATION", "time between a run's heartbeats", default: "5s"),
            Option("runs-max", "N", "runs at work at once on this machine", default: "64"),
            Option("body-bytes-max", "BYTES", "largest JSON body", default: "1048576"),
            Option("attachment-bytes-max", "BYTES", "largest attachment, artifact or file", default: "1073741824"),
            Option("drain", "DURATION", "time given to requests, streams and runs at the end", default: "10s"),
            Option("jwks-file", "FILE", "JSON Web Key Set that may also sign tokens (RS256, ES256)"),
            Option("jwt-issuer", "TEXT", "the iss that tokens signed by those keys must carry"),
            Option("jwt-audience", "TEXT", "the aud that they must carry", default: "nexus"),
            Option("log-level", "LEVEL", "debug, info, warning or error; debug has a line per request", default: "info"),
            Option("open-metrics", nil, "answer /metrics without a credential"),
            Option("runner", "PATH", "the nexus-agent-runner to use; found beside this program unless set"),
            Option("peers", "LIST", "services elsewhere, e.g. tasks=127.0.0.1:8085,runs=127.0.0.1:8086"),
        ] + TracingConfiguration.options

    /// - Throws: `Options.Problem`.
    public init(_ options: Options) throws {
        dataDirectory = ServiceConfiguration.absolute(options.string("data") ?? Options.defaultDataDirectory)
        publicURL = options.string("public-url")
        leaseSeconds = try options.seconds("lease")
        heartbeatSeconds = try options.seconds("heartbeat")
        runsMax = try options.integer("runs-max", in: 1...10_000)
        bodyBytesMax = try options.integer("body-bytes-max", in: 1024...(1 << 30))
        attachmentBytesMax = try options.integer("attachment-bytes-max", in: 1024...(1 << 40))
        drainSeconds = try options.seconds("drain")
        jwksFile = options.string("jwks-file")
        jwtIssuer = options.string("jwt-issuer")
        jwtAudience = options.string("jwt-audience")
        guard let level = Log.Level(rawValue: options.string("log-level") ?? "") else {
            throw Options.Problem(
                message: "--log-level: must be one of \(Log.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        logLevel = level
        tracing = try TracingConfiguration(options, ProcessInfo.processInfo.environment)
        opensMetrics = options.flag("open-metrics")
        runnerPath = options.string("runner")
        for pair in (options.string("peers") ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let name = ServiceName(rawValue: String(parts[0])),
                let address = SocketAddress(String(parts[1]))
            else { throw Options.Problem(message: "--peers: '\(pair)' is not NAME=HOST:PORT or NAME=unix:PATH") }
            peers[name] = address
        }
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// The Unix socket of a service or of the gateway when each runs in a process of its own.
    ///
    /// A socket's path has at most 107 bytes (`unix(7)`); below a longer folder it lies in `/tmp`, named after a hash of the
    /// folder.
    public func socketPath(_ name: String) -> String {
        let path = "\(dataDirectory)/run/\(name).sock"
        if path.utf8.count <= 100 { return path }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in dataDirectory.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "/tmp/nexus-\(String(hash, radix: 36))/\(name).sock"
    }
}
