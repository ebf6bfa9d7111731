import Glibc
import HTTP
import Identity
import Loops
import Models
import Processes
import Service
import Storage
import SuiteTesting
import Synchronization
import Testing

@testable import Runs

/// A clock that stands still until it is told otherwise; it begins at the machine's time.
final class TestClock: Sendable {
    private let milliseconds = Mutex<Int64>(WallClock.system.now().milliseconds)

    var clock: WallClock { WallClock { Timestamp(milliseconds: self.milliseconds.withLock { $0 }) } }

    func advance(seconds: Double) { milliseconds.withLock { $0 += Int64(seconds * 1000) } }
}

/// The tasks and the agents service, as far as runs need them: what they are given, and a feed of events.
final class FakePeers: Responder {
    private struct State {
        var tasks: [String: AgentTask] = [:]
        var agents: [String: Agent] = [:]
        var events: [Event] = []
        var others: [String: [UInt8]] = [:]
    }

    private let state = Mutex(State())
    private let changed = Bell()

    func add(_ task: AgentTask) { state.withLock { $0.tasks[task.id] = task } }
    func add(_ agent: Agent) { state.withLock { $0.agents[agent.id] = agent } }
    /// Answers a path (without its query) with this.
    func answer(_ path: String, _ value: some Encodable) throws {
        let bytes = try JSON.encode(value)
        state.withLock { $0.others[path] = bytes }
    }

    func remove(agent id: String) { state.withLock { _ = $0.agents.removeValue(forKey: id) } }

    /// Tells the consumers of an event.
    func tell(_ type: String, subject: String, _ data: some Encodable) throws {
        let data = try RawJSON(encoding: data)
        state.withLock { state in
            state.events.append(
                Event(
                    sequence: Int64(state.events.count + 1), id: "evt_\(state.events.count + 1)", type: type,
                    workspaceID: "default",
                    subjectID: subject, time: WallClock.system.now(), data: data))
        }
        changed.ring()
    }

    func respond(to request: Request) async -> Response {
        let path = String(decoding: request.path, as: UTF8.self)
        do {
            if path == "/internal/events" { return try await events(Query(request.query)) }
            if let bytes = state.withLock({ $0.others[path] }) { return .json(bytes) }
            let id = String(path.split(separator: "/").last ?? "")
            if path.hasPrefix("/tasks-api/"), let task = state.withLock({ $0.tasks[id] }) { return .json(try JSON.encode(task)) }
            if path == "/tasks-api" {
                struct Page: Encodable { let tasks: [AgentTask] }
                return .json(try JSON.encode(Page(tasks: state.withLock { $0.tasks.values.sorted { $0.id < $1.id } })))
            }
            if path.hasPrefix("/agents-api/"),
                let agent = state.withLock({ $0.agents[id] ?? $0.agents.values.first { $0.slug == id } })
            {
                return .json(try JSON.encode(agent))
            }
        } catch {
            return .text("\(error)", status: 500)
        }
        return .text(#"{"error":"no such thing"}"#, status: .notFound)
    }

    private func events(_ query: Query) async throws -> Response {
        struct Page: Encodable {
            let events: [Event]
            let last: Int64
        }
        let after = Int64(try query.integer("after") ?? 0)
        let heard = changed.count
        var news = state.withLock { $0.events.filter { $0.sequence > after } }
        if news.isEmpty {
            try await changed.wait(past: heard, within: .seconds(25))
            news = state.withLock { $0.events.filter { $0.sequence > after } }
        }
        return .json(try JSON.encode(Page(events: news, last: news.last?.sequence ?? after)))
    }
}

/// The runs service with its peers, a runner that is a shell script, and a folder of its own.
struct RunsBench {
    let bench: TestBench
    let peers: FakePeers
    let service: RunsService

    /// A runner that does nothing for a long time.
    static let idle = "exec sleep 1000"

    /// - Parameter runner: the body of a shell script; it is called with the runner's own arguments and environment.
    init(
        runner: String = idle, folder: String? = nil, peers: FakePeers = FakePeers(), clock: WallClock = .system,
        configure: (inout ServiceConfiguration) -> Void = { _ in }
    ) async throws {
        let folder = folder ?? TestBench.makeFolder()
        let script = "\(folder)/runner.sh"
        try Files.write("#!/bin/sh\n\(runner)\n", to: script, mode: 0o700)
        self.peers = peers
        bench = try await TestBench(
            [RunsService.self], fakes: [.tasks: peers, .agents: peers, .goals: peers, .skills: peers, .memory: peers],
            clock: clock, folder: folder
        ) {
            $0.runnerPath = script
            $0.publicURL = "http://127.0.0.1:9"
            configure(&$0)
        }
        guard let host = bench.hosts[.runs], let service = host.service as? RunsService else { throw Missing() }
        self.service = service
    }

    struct Missing: Error {}

    var database: Database { service.transitions.environment.database }

    /// Adds an agent and as many tasks of it, and gives the tasks' ids.
    @discardableResult
    func given(tasks count: Int = 1, agent: Agent = .test()) -> [String] {
        peers.add(agent)
        return (1...count).map { index in
            let id = "task_\(agent.slug)_\(index)"
            peers.add(AgentTask.test(id, agent: agent.id))
            return id
        }
    }

    func start(_ task: String, seconds: Double? = nil) async throws -> Run {
        let timeout = seconds.map { ",\"timeout_seconds\":\($0)" } ?? ""
        let answer = try await bench.send(.runs, .post, "/runs-api", json: "{\"task_id\":\"\(task)\"\(timeout)}")
        try #require(answer.status == 201, "\(answer.text)")
        return try answer.decoded(Run.self)
    }

    func run(_ id: String) async throws -> Run { try await bench.send(.runs, .get, "/runs-api/\(id)").decoded(Run.self) }

    /// Waits for an event about a run, without asking again and again.
    /// - Returns: the run as the event shows it.
    @discardableResult
    func event(_ type: String, of run: String, after: Int64 = 0) async throws -> Run {
        var after = after
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let page = try await bench.send(
                .runs, .get, "/internal/events?after=\(after)&wait=5", as: .service("test")
            ).decoded(Page.self)
            for event in page.events {
                after = event.sequence
                if event.type == type, event.subjectID == run { return try event.entity(Run.self) }
            }
        }
        throw TimedOut(what: "\(type) of \(run)")
    }

    private struct Page: Decodable {
        let events: [Event]
    }

    struct TimedOut: Error {
        let what: String
    }

    /// Waits until the attempt's runner is recorded, and gives its process.
    func runner(of run: String, attempt: Int = 1) async throws -> ProcessIdentity {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            let launched = try await database.read { [service] in try service.transitions.processes.all($0) }
            let found = launched.first { $0.attempt == Attempt(runID: run, number: attempt) }
            if let identity = found?.identity { return try JSON.decode(ProcessIdentity.self, from: Array(identity.utf8)) }
            await Task.yield()
        }
        throw TimedOut(what: "the runner of \(run)")
    }

    /// The agent's token of an attempt, as a principal.
    func agent(_ run: Run, attempt: Int? = nil) -> Principal {
        Principal.agent(
            name: "Test",
            run: RunBinding(
                runID: run.id, attempt: attempt ?? run.attempt, agentID: run.agentID, taskID: run.taskID,
                projectID: run.projectID,
                workspace: run.workspaceID))
    }

    func report(_ path: String, _ run: Run, attempt: Int? = nil, json: String = "{}") async throws -> TestAnswer {
        try await bench.send(.runs, .post, "/runs-api/\(run.id)/\(path)", json: json, as: agent(run, attempt: attempt))
    }

    func stop() async {
        let loop = bench.base.loops.next()
        await loop.task { await service.drain(within: .seconds(10)) }.value
        await bench.stop()
    }
}

extension Agent {
    static func test(_ slug: String = "tester", _ change: (inout Agent) -> Void = { _ in }) -> Agent {
        let now = WallClock.system.now()
        var agent = Agent(
            id: Identifier.agent(slug: slug), workspaceID: "default", name: "Tester", slug: slug,
            model: AgentModel(provider: .runbook),
            createdAt: now, updatedAt: now)
        change(&agent)
        return agent
    }
}

extension AgentTask {
    static func test(_ id: String = "task_1", agent: String? = "agent_tester", _ change: (inout AgentTask) -> Void = { _ in })
        -> AgentTask
    {
        let now = WallClock.system.now()
        var task = AgentTask(
            id: id, workspaceID: "default", title: "A task", status: .ready, agentID: agent, createdAt: now, updatedAt: now)
        change(&task)
        return task
    }
}

enum Files {
    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
        chmod(path, mode)
    }

    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var text: [UInt8] = []
        while case let byte = fgetc(file), byte >= 0 { text.append(UInt8(byte)) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Waits until a file has something in it, and gives that.
    static func waitFor(_ path: String) async throws -> String {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            if let text = read(path), text.hasSuffix("\n") { return text }
            await Task.yield()
        }
        throw RunsBench.TimedOut(what: path)
    }
}

/// Runs a test's body with an event loop at hand.
func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value {
    let group = try EventLoopGroup(count: 1)
    let loop = group.next()
    let task: Task<Value, any Error> = loop.task { try await body(loop) }
    return try await task.value
}
