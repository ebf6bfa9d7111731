import Glibc
import HTTP
import Loops
import Models
import Processes
import Service
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A suite as its users have it: the program `nexus up`, on a free port, in a folder of its own, called over the network.
///
/// `NEXUS_TEST_SEPARATE=1` in the environment makes all of them `--separate`, so that the same tests run both ways.
public final class SuiteProcess: Sendable {
    /// Whether the tests run against ten processes.
    public static var isSeparate: Bool { ProcessInfo.processInfo.environment["NEXUS_TEST_SEPARATE"] == "1" }

    public let folder: String
    public let loops: EventLoopGroup
    private let options: [String]
    private let openFilesMax: UInt64?
    private let state = Mutex<(child: Subprocess, address: SocketAddress, upstream: Upstream)?>(nil)

    /// Starts it and waits for its `ready`.
    /// - Parameters:
    ///   - separate: one process or ten; as the environment says unless given.
    ///   - options: more options of `nexus up`.
    ///   - openFilesMax: the limit of descriptors of its process; this one's own when nil.
    public init(
        separate: Bool = isSeparate, folder: String? = nil, options: [String] = [], openFilesMax: UInt64? = nil
    ) async throws {
        self.openFilesMax = openFilesMax
        self.folder = folder ?? TestBench.makeFolder()
        self.options = (separate ? ["--separate"] : []) + options
        loops = try EventLoopGroup(count: 2)
        try await start(port: 0)
    }

    /// The folder of the programs under test: that of this package's build.
    public static var programs: String {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["NEXUS_TEST_PROGRAMS"] { return folder }
        var folder = Executables.folder
        if folder.hasSuffix("/libexec/swift/pm") || !FileManager.default.fileExists(atPath: folder + "/nexus") {
            folder = CommandLine.arguments[0].split(separator: "/").dropLast().joined(separator: "/")
            folder = "/" + folder
        }
        while !FileManager.default.fileExists(atPath: folder + "/nexus"), folder.count > 1 {
            folder = "/" + folder.split(separator: "/").dropLast().joined(separator: "/")
        }
        return folder
    }

    public var address: SocketAddress {
        state.withLock { $0?.address } ?? .tcp(host: "127.0.0.1", port: 0)
    }

    /// It speaks TLS at its address.
    public var isSecure: Bool { options.contains("--tls-cert") }

    /// Where it is called without TLS all the same: the Unix socket of its own programs.
    private var internalAddress: SocketAddress {
        .unix(path: ServiceConfiguration(dataDirectory: folder).socketPath("gateway"))
    }

    /// Its address as clients write it.
    public var url: String { address.url(isSecure: isSecure) }

    public var pid: pid_t { state.withLock { $0?.child.pid } ?? 0 }

    /// Starts the program again, on the same port and folder, after `kill` or `stop`.
    public func restart() async throws {
        guard case .tcp(_, let port) = address else { return }
        try await start(port: port)
    }

    /// Ends it as an operator does, and waits.
    /// - Returns: its exit status.
    @discardableResult
    public func stop() async -> Int {
        guard let child = state.withLock({ $0?.child }) else { return 0 }
        child.signal(SIGTERM)
        return await child.exit.code
    }

    /// Sends it a signal.
    public func signal(_ number: Int32) { state.withLock { $0?.child.signal(number) } }

    /// Kills it without warning, and with it all that it supervises.
    public func kill() async {
        guard let child = state.withLock({ $0?.child }) else { return }
        child.signal(SIGKILL)
        _ = await child.exit
    }

    /// Prints a token by `nexus token`.
    public func token(role: Role = .admin) async throws -> String {
        let finished = try await onLoop { [folder] in
            try await Subprocess.run(
                Command("\(SuiteProcess.programs)/nexus", ["token", "--data", folder, "--role", role.rawValue], environment: [:]))
        }
        return finished.outputText.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// One request over the network, and its whole answer.
    public func send(
        _ method: HTTP.Method, _ target: String, json: String? = nil, body: [UInt8]? = nil, headers: [(String, String)] = [],
        token: String? = nil
    ) async throws -> TestAnswer {
        guard let upstream = state.withLock({ $0?.upstream }) else { throw ServiceError(.unavailable, "not started") }
        var head = Headers()
        if let token { head.add("authorization", "Bearer \(token)") }
        for (name, value) in headers { head.add(name, value) }
        let content = body ?? json.map { Array($0.utf8) }
        let request = Request(method, target, headers: head, body: content.map { .bytes($0) } ?? .empty)
        return try await onLoop {
            let response = try await upstream.send(request)
            return TestAnswer(response: response, bytes: try await response.wholeBody(upTo: 1 << 28))
        }
    }

    /// Asks until the answer is as wanted, at most for `limit`; gives the last answer.
    public func eventually(
        _ target: String, token: String, within limit: Duration = .seconds(30), _ isDone: (TestAnswer) throws -> Bool
    ) async throws -> TestAnswer {
        let end = ContinuousClock.now + limit
        while true {
            let answer = try await send(.get, target, token: token)
            if try isDone(answer) || ContinuousClock.now > end { return answer }
            try await onLoop { try await EventLoop.sleep(for: .milliseconds(20)) }
        }
    }

    /// Runs something on one of the loops.
    public func onLoop<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task: Task<Value, any Error> = loops.next().task { try await body() }
        return try await task.value
    }

    private func start(port: UInt16) async throws {
        let arguments = ["up", "--data", folder, "--port", "\(port)"] + options
        let (child, address) = try await onLoop { [openFilesMax] in
            var command = Command(
                "\(SuiteProcess.programs)/nexus", arguments,
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": "/tmp"])
            command.errors = .file("/dev/null")
            if let openFilesMax { command.limits = [.openFiles(openFilesMax)] }
            let child = try Subprocess.spawn(command)
            return (child, try await SuiteProcess.address(announcedBy: child))
        }
        state.withLock { $0 = (child, address, .socket(isSecure ? internalAddress : address)) }
    }

    private static func address(announcedBy child: Subprocess) async throws -> SocketAddress {
        var lines = LineSplitter(bytesMax: 4096)
        while let bytes = try await child.output?.next() {
            for line in lines.add(bytes) where line.hasPrefix("ready http") {
                guard let mark = line.firstRange(of: "://") else { continue }
                if let address = SocketAddress(String(line[mark.upperBound...])) { return address }
            }
        }
        throw ServiceError(.unavailable, "nexus up ended before it was ready")
    }
}
