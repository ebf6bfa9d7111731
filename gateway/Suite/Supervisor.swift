import Gateway
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

/// The suite as ten processes (`nexus up --separate`): the gateway, which listens, and the nine services at Unix sockets.
///
/// A process that dies is started again within a second, later and later when it keeps dying; all die with the supervisor.
public final class Supervisor: Sendable {
    /// The longest wait before a process is started again.
    static let restartSecondsMax = 10.0
    /// A process that lived this long was well: the next restart is immediate again.
    static let healthySeconds = 30.0
    /// How long everything may take to answer.
    static let startSecondsMax = 60.0

    private let base: SuiteBase
    private let configuration: GatewayConfiguration
    private let folder: String
    private let arguments: [String]
    private let gatewayArguments: [String]
    private let isEnding = Mutex(false)
    private let children = Mutex<[String: Subprocess]>([:])
    private let address = Mutex<SocketAddress?>(nil)

    /// - Parameters:
    ///   - folder: where the ten executables are.
    ///   - arguments: the options that all of them are given.
    ///   - gatewayArguments: those that the gateway is given beside them.
    public init(
        _ configuration: GatewayConfiguration, folder: String, arguments: [String], gatewayArguments: [String], log: Log
    ) throws {
        self.configuration = configuration
        self.folder = folder
        self.arguments = arguments
        self.gatewayArguments = gatewayArguments
        base = try SuiteBase(configuration.service, log: log)
    }

    public var loops: EventLoopGroup { base.loops }

    /// Starts all ten and returns the gateway's address once each of them answers.
    /// - Throws: `ServiceError` when they do not in time.
    public func start() async throws -> SocketAddress {
        let loop = base.loops.next()
        let announced = Announcement()
        loop.task { [self] in await keep("gateway", announced) }
        let address = try await announced.address(within: .seconds(Supervisor.startSecondsMax))
        self.address.withLock { $0 = address }
        for name in ServiceName.allCases { loop.task { [self] in await keep("\(name.rawValue)-api", nil) } }
        try await untilReady(address)
        return address
    }

    /// Tells all to drain, and waits for their ends, at most for `limit` and a little; then kills what is left. The gateway is
    /// last: the last events of the services' streams pass through it.
    public func stop(within limit: Duration) async {
        isEnding.withLock { $0 = true }
        let known = children.withLock { $0 }
        await end(known.filter { $0.key != "gateway" }, within: limit)
        await end(known.filter { $0.key == "gateway" }, within: limit)
    }

    /// Sends a signal on to all of them.
    public func passOn(_ number: Int32) {
        for child in children.withLock({ Array($0.values) }) { child.signal(number) }
    }

    /// Where this machine's own programs reach the gateway that listens at `address`.
    private func internalAddress(_ address: SocketAddress) -> SocketAddress {
        configuration.tls == nil ? address : configuration.internalAddress
    }

    private func end(_ known: [String: Subprocess], within limit: Duration) async {
        for child in known.values { child.signal(SIGTERM) }
        await withTaskGroup(of: Void.self) { group in
            for child in known.values { group.addTask { _ = await child.exit } }
            group.addTask {
                // try?: a cancelled sleep only means that all have ended.
                try? await EventLoop.sleep(for: limit + .seconds(2))
                guard !Task.isCancelled else { return }
                for child in known.values { child.signal(SIGKILL) }
            }
            for _ in known { _ = await group.next() }
            group.cancelAll()
        }
    }

    /// Keeps one executable running.
    private func keep(_ name: String, _ announcement: Announcement?) async {
        var delay = 0.05
        while !isEnding.withLock({ $0 }) {
            let started = ContinuousClock.now
            do {
                let child = try Subprocess.spawn(command(name))
                children.withLock { $0[name] = child }
                if isEnding.withLock({ $0 }) { child.signal(SIGTERM) }
                // On this loop: a plain task would leave it, and the pipe with it.
                let reading = EventLoop.current?.task { await Supervisor.read(child, announcement) }
                let exit = await child.exit
                await reading?.value
                if isEnding.withLock({ $0 }) { return }
                base.log.warning("\(name) ended; it is started again", ["exit": "\(exit)"])
            } catch {
                base.log.error("\(name) cannot be started", ["cause": "\(error)"])
            }
            if started.duration(to: .now) > .seconds(Supervisor.healthySeconds) { delay = 0.05 }
            // try?: the supervisor's tasks are not cancelled; were they, the loop's condition would end them.
            try? await EventLoop.sleep(for: .seconds(delay))
            delay = min(delay * 2, Supervisor.restartSecondsMax)
        }
    }

    private func command(_ name: String) -> Command {
        var arguments = self.arguments
        if name == "gateway" {
            // Started again, it must be where its clients know it to be.
            let known = address.withLock { $0 } ?? configuration.listen
            arguments += ["--listen", "\(known)"] + gatewayArguments + configuration.accessLogArguments
        } else {
            arguments += ["--listen", "unix:\(configuration.service.socketPath(name))"]
            if configuration.service.publicURL == nil, let address = address.withLock({ $0 }) {
                arguments += ["--public-url", internalAddress(address).url]
            }
        }
        var environment = ProcessInfo.processInfo.environment
        environment[Supervision.variable] = "\(getpid())"
        var command = Command("\(folder)/\(name)", arguments, environment: environment)
        command.errors = .shared
        command.group = .own
        command.deathSignal = SIGTERM
        return command
    }

    /// Reads what a child prints: its `ready` line, and nothing else that matters.
    private static func read(_ child: Subprocess, _ announcement: Announcement?) async {
        var lines = LineSplitter(bytesMax: 4096)
        do {
            while let bytes = try await child.output?.next() {
                for line in lines.add(bytes) where line.hasPrefix("ready ") {
                    announcement?.announce(String(line.dropFirst("ready ".count)))
                }
            }
        } catch {
            // A pipe that cannot be read is a child that has ended; its exit says so.
        }
    }

    private func untilReady(_ address: SocketAddress) async throws {
        let upstream = base.upstream(internalAddress(address))
        let limit = ContinuousClock.now + .seconds(Supervisor.startSecondsMax)
        while ContinuousClock.now < limit {
            // try?: until everything answers, failing to is what is expected.
            let response = try? await upstream.send(Request(.get, "/readyz"))
            if response?.status == .ok { return }
            try await EventLoop.sleep(for: .milliseconds(10))
        }
        throw ServiceError(.unavailable, "not every service answered within \(Int(Supervisor.startSecondsMax)) s")
    }
}

/// The address that the gateway prints when it listens.
private final class Announcement: Sendable {
    private let known = Mutex<SocketAddress?>(nil)

    func announce(_ url: String) {
        let scheme = ["https://", "http://"].first { url.hasPrefix($0) } ?? ""
        known.withLock { $0 = SocketAddress(String(url.dropFirst(scheme.count))) }
    }

    func address(within limit: Duration) async throws -> SocketAddress {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if let address = known.withLock({ $0 }) { return address }
            try await EventLoop.sleep(for: .milliseconds(10))
        }
        throw ServiceError(.unavailable, "the gateway did not start")
    }
}
