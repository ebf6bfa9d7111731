import Glibc
import HTTP
import Identity
import Loops
import Models
import Service
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Services under test, in this process: real databases in a folder of their own, real event loops, wired to each other as in a
/// suite.
public final class TestBench: Sendable {
    public let base: SuiteBase
    public let hosts: [ServiceName: ServiceHost]
    private let work: [Task<Void, Never>]

    /// Starts the given services; what else they call is answered by `fakes`.
    /// - Parameter configure: changes the configuration before anything is opened.
    public init(
        _ services: [any NexusService.Type], fakes: [ServiceName: any Responder] = [:], clock: WallClock = .system,
        folder: String? = nil, configure: (inout ServiceConfiguration) -> Void = { _ in }
    ) async throws {
        let folder = folder ?? TestBench.makeFolder()
        var configuration = ServiceConfiguration(dataDirectory: folder)
        configure(&configuration)
        let base = try SuiteBase(configuration, clock: clock, log: Log(service: "test", write: Log.silent))
        for (name, fake) in fakes { base.directory.connect(name, to: .inProcess(fake)) }
        var hosts: [ServiceName: ServiceHost] = [:]
        let authenticator = RequestAuthenticator(verifier: base.verifier, clock: clock)
        for type in services {
            let host = try await ServiceHost(type, configuration: configuration, base: base, authenticator: authenticator)
            base.directory.connect(type.name, to: .inProcess(host))
            hosts[type.name] = host
        }
        self.base = base
        self.hosts = hosts
        work = hosts.values.map { host in base.loops.next().task { await host.run() } }
    }

    /// The folder of the databases, for starting again in the same one.
    public var folder: String { base.configuration.dataDirectory }

    /// Stops everything; the folder stays.
    public func stop() async {
        for task in work { task.cancel() }
        for task in work { await task.value }
        for host in hosts.values { await host.close() }
    }

    /// A person with a role in the workspace `default`, or in another.
    public static func user(_ role: Role, workspace: String = "default") -> Principal {
        Principal(kind: .user, id: "user_test", name: "Test", homeWorkspace: workspace, memberships: [workspace: role])
    }

    /// Sends a request to a service in a principal's name; nil for nobody's.
    public func send(
        _ service: ServiceName, _ method: HTTP.Method, _ target: String, json: String? = nil, headers: [(String, String)] = [],
        as principal: Principal? = user(.owner)
    ) async throws -> TestAnswer {
        guard let host = hosts[service] else { throw ServiceError.notFound("service \(service.rawValue) on this bench") }
        var head = Headers()
        if let principal { head.add(InternalAssertion.header, try base.signer.header(for: principal, now: base.clock.now())) }
        for (name, value) in headers { head.add(name, value) }
        let request = Request(method, target, headers: head, body: json.map { .bytes(Array($0.utf8)) } ?? .empty)
        let answering: Task<TestAnswer, any Error> = base.loops.next().task {
            let response = await host.respond(to: request)
            return TestAnswer(response: response, bytes: try await response.wholeBody(upTo: 1 << 28))
        }
        return try await answering.value
    }

    /// Asks until an answer is as wanted: for what follows from an event. Ends with the last answer after ten seconds.
    public func eventually(
        _ service: ServiceName, _ target: String, as principal: Principal? = user(.owner), _ isDone: (TestAnswer) throws -> Bool
    ) async throws -> TestAnswer {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            let answer = try await send(service, .get, target, as: principal)
            if try isDone(answer) || ContinuousClock.now > end { return answer }
            await Task.yield()
        }
    }

    /// A new empty folder for one test.
    public static func makeFolder() -> String {
        // deploy/test names a folder that it removes in the end.
        let parent = ProcessInfo.processInfo.environment["NEXUS_TEST_FOLDER"] ?? "/tmp"
        var template = Array("\(parent)/nexus-test-XXXXXX".utf8CString)
        return template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, let path = mkdtemp(start) else { return "/tmp/nexus-test-\(getpid())" }
            return String(cString: path)
        }
    }
}

/// An answer, whole.
public struct TestAnswer: Sendable {
    public let response: Response
    public let bytes: [UInt8]

    public init(response: Response, bytes: [UInt8]) {
        self.response = response
        self.bytes = bytes
    }

    /// The body that another program printed.
    public init(text: String) { self.init(response: Response(.ok), bytes: Array(text.utf8)) }

    public var status: UInt16 { response.status.code }
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON.
    public func json() throws -> JSONValue { try JSON.decode(JSONValue.self, from: bytes) }

    /// The body as an entity.
    public func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value { try JSON.decode(type, from: bytes) }

    public func header(_ name: String) -> String? { response.headers.first(named: name) }
}
