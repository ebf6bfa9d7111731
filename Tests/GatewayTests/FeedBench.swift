import Client
import Events
import HTTP
import Identity
import Loops
import Models
import Service
import SuiteTesting
import Synchronization

@testable import Gateway

/// A service of which only the outbox is of interest.
private struct Teller: HostedService {
    let environment: ServiceEnvironment

    struct Object: Codable, Sendable { let id: String }

    var routes: Routes {
        Routes("") {
            GET("/api/projects/{id}", .viewer, "A project", object)
            GET("/runs-api/{id}", .viewer, "A run", object)
        }
    }

    /// Whatever is asked for by its slug has the id `x_<slug>`; what is called `nothing` does not exist.
    private func object(_ call: Call) async throws -> Reply<Object> {
        let id = call.parameter("id")
        guard id != "nothing" else { throw ServiceError.notFound("object") }
        return Reply(Object(id: "x_" + id))
    }
}

/// A gateway that listens, and services that tell what a test wants them to. The gateway can be started again.
final class FeedBench: Sendable {
    let base: SuiteBase
    private let configuration: GatewayConfiguration
    private let hosts: [ServiceName: ServiceHost]
    private let process = Mutex<GatewayProcess?>(nil)

    /// - Parameter absent: services that cannot be reached before `appear`.
    init(absent: Set<ServiceName> = [], limits: SocketLimits = SocketLimits()) async throws {
        var configuration = GatewayConfiguration(
            ServiceConfiguration(dataDirectory: TestBench.makeFolder()), listen: .tcp(host: "127.0.0.1", port: 0))
        configuration.socketLimits = limits
        self.configuration = configuration
        base = try SuiteBase(configuration.service, log: Log(service: "test", write: Log.silent))
        var hosts: [ServiceName: ServiceHost] = [:]
        for name in ServiceName.allCases {
            let host = try await ServiceHost(
                name.rawValue, migrations: [], configuration: configuration.service, base: base,
                authenticator: RequestAuthenticator(verifier: base.verifier, clock: base.clock)
            ) { Teller(environment: $0) }
            hosts[name] = host
            if !absent.contains(name) { base.directory.connect(name, to: .inProcess(host)) }
        }
        self.hosts = hosts
        try await start()
    }

    var gateway: SocketAddress { process.withLock { $0?.address } ?? .tcp(host: "127.0.0.1", port: 0) }

    func appear(_ name: ServiceName) {
        if let host = hosts[name] { base.directory.connect(name, to: .inProcess(host)) }
    }

    func start() async throws {
        let process = try GatewayProcess(configuration, base: base)
        _ = try await onLoop { [configuration] in try await process.open(configuration) }
        self.process.withLock { $0 = process }
    }

    func stopGateway() async throws {
        let process = process.withLock { $0.take() }
        try await onLoop { await process?.close(within: .seconds(5)) }
    }

    func stop() async throws {
        try await stopGateway()
        for host in hosts.values {
            host.environment.outbox.endWaits()
            await host.close()
        }
    }

    /// Runs something on one of the loops.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task: Task<Value, any Error> = base.loops.next().task { try await body() }
        return try await task.value
    }

    /// Has a service tell of something.
    @discardableResult
    func tell(
        _ service: ServiceName, _ type: String, _ subject: String = "x", in workspace: String = "default",
        project: String? = nil, data: String = "{}"
    ) async throws -> Int64 {
        guard let host = hosts[service] else { throw ServiceError.notFound("service") }
        return try await onLoop {
            try await host.environment.database.write { transaction in
                try host.environment.outbox.append(
                    type, subject: subject, workspace: workspace, project: project, at: host.environment.clock.now(),
                    data: Array(data.utf8), in: transaction)
            }
        }
    }

    /// Has a service tell of `m1`, `m2` and so on, in one transaction.
    func tellMany(
        _ service: ServiceName, _ type: String, _ count: Int, in workspace: String = "default", data: String = "{}"
    ) async throws {
        guard let host = hosts[service] else { throw ServiceError.notFound("service") }
        try await onLoop {
            try await host.environment.database.write { transaction in
                for number in 1...count {
                    try host.environment.outbox.append(
                        type, subject: "m\(number)", workspace: workspace, at: host.environment.clock.now(),
                        data: Array(data.utf8), in: transaction)
                }
            }
        }
    }

    struct Key: Decodable {
        let id: String
        let key: String
    }

    /// An API key of the workspace.
    func makeKey(role: String, scopes: [String]? = nil) async throws -> Key {
        let list = scopes.map { ",\"scopes\":[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" } ?? ""
        let answer = try await send(
            .post, "/auth/api-keys", bearer: try token(.owner), json: "{\"name\":\"k\",\"role\":\"\(role)\"\(list)}")
        return try answer.decoded(Key.self)
    }

    func key(role: String, scopes: [String]) async throws -> String { try await makeKey(role: role, scopes: scopes).key }

    /// One page of a service's feed, as the gateway asks for it.
    func page(_ service: ServiceName, _ query: String) async throws -> EventPage {
        try await onLoop { [base] in
            try await base.peers(for: "gateway").get(service, "/internal/events?" + query, as: EventPage.self)
        }
    }

    func token(_ role: Role = .viewer, in workspace: String = "default", seconds: Double = 600) throws -> String {
        let now = base.clock.now()
        return try JWTSigner(key: base.keys.jwt).sign(
            Claims(subject: "watcher", role: role, workspace: workspace, issuedAt: now, expires: now.adding(seconds: seconds)))
    }

    func send(
        _ method: HTTP.Method, _ target: String, bearer: String? = nil, headers: [(String, String)] = [], json: String? = nil
    ) async throws -> TestAnswer {
        let request = FeedBench.request(method, target, bearer, headers, json)
        let upstream = Upstream.socket(gateway)
        return try await onLoop {
            defer { upstream.close() }
            let response = try await upstream.send(request)
            return TestAnswer(response: response, bytes: try await response.wholeBody(upTo: 1 << 24))
        }
    }

    /// Subscribes to `/events`; returns once the feed has said where it is.
    func stream(_ query: String = "", bearer: String, after id: String? = nil) async throws -> EventReader {
        let request = FeedBench.request(.get, "/events" + query, bearer, id.map { [("last-event-id", $0)] } ?? [], nil)
        let reader = EventReader()
        await reader.start(Upstream.socket(gateway), request, on: base.loops.next())
        return reader
    }

    private static func request(
        _ method: HTTP.Method, _ target: String, _ bearer: String?, _ headers: [(String, String)], _ json: String?
    ) -> Request {
        var head = Headers()
        if let bearer { head.add("authorization", "Bearer " + bearer) }
        for (name, value) in headers { head.add(name, value) }
        return Request(method, target, headers: head, body: json.map { .bytes(Array($0.utf8)) } ?? .empty)
    }
}

/// Reads a stream of events, however fast they come.
final class EventReader: BodyWriter {
    private struct State {
        var parser = EventStreamParser()
        var events: [ReceivedEvent] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isOver = false
        var hasBegun = false
        var pauses = false
    }

    private let state = Mutex(State())
    private let reading = Mutex<Task<Void, Never>?>(nil)

    func start(_ upstream: Upstream, _ request: Request, on loop: EventLoop) async {
        let task: Task<Void, Never> = loop.task { [self] in
            // try?: however it ends, the test sees what came before.
            if let response = try? await upstream.send(request), case .stream(let stream) = response.body {
                try? await stream.produce(self)  // try?: as above
            }
            upstream.close()
            change { $0.isOver = true }
        }
        reading.withLock { $0 = task }
        await wait { $0.hasBegun || $0.isOver }
    }

    func write(_ bytes: [UInt8]) async throws {
        try state.withLock { state in
            state.hasBegun = true
            state.events += try state.parser.add(bytes)
        }
        change { _ in }
        await wait { !$0.pauses }
    }

    /// Reads no more until `resume`, so that what comes stays with the sender.
    func pause() { change { $0.pauses = true } }

    func resume() { change { $0.pauses = false } }

    /// Leaves.
    func close() { reading.withLock { $0 }?.cancel() }

    /// The first `count` events; fewer when the stream ends before.
    func events(_ count: Int) async -> [ReceivedEvent] {
        await wait { $0.events.count >= count || $0.isOver }
        return state.withLock { Array($0.events.prefix(count)) }
    }

    /// All events up to the stream's end.
    func rest() async -> [ReceivedEvent] {
        await wait { $0.isOver }
        return state.withLock { $0.events }
    }

    var lastID: String { state.withLock { $0.parser.lastID } }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func wait(_ isDone: @Sendable (State) -> Bool) async {
        var isOver = state.withLock { isDone($0) }
        while !isOver {
            await withCheckedContinuation { waiter in
                isOver = state.withLock { state in
                    if !isDone(state) { state.waiters.append(waiter) }
                    return isDone(state)
                }
                if isOver { waiter.resume() }
            }
        }
    }
}
