import Client
import FoundationEssentials
import Glibc
import HTTP
import Loops
import Models
import Synchronization

@testable import Runner

/// The runs service as a runner meets it: keeps what is reported, and can lose answers, cancel, and refuse.
final class FakeRuns: Responder, Sendable {
    struct State {
        var context: RunContext
        /// Lines by their number: a number that comes twice with another text is a fault.
        var lines: [Int64: ReportedLine] = [:]
        var faults: [String] = []
        var batches = 0
        var heartbeats = 0
        var artifacts: [String: [UInt8]] = [:]
        var usage: Usage?
        var results: [RunResultReport] = []
        var linesWhenResultCame = 0
        /// Answers that are lost after their effect: every other one.
        var losesAnswers = false
        var isCancelled = false
        var isPaused = false
        var isSuperseded = false
        /// What the model's endpoint answers, in turn.
        var modelAnswers: [(status: Status, body: String)] = []
        var modelRequests: [JSONTree] = []
        var modelPaths: [String] = []
    }

    let state: Mutex<State>
    /// Raised with each line and each result.
    let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init(_ context: RunContext) {
        state = Mutex(State(context: context))
        (changes, changed) = AsyncStream.makeStream(of: Void.self)
    }

    var texts: [String] {
        state.withLock { state in state.lines.values.sorted { $0.n < $1.n }.map { "\($0.stream.rawValue): \($0.text)" } }
    }
    var result: RunResultReport? { state.withLock { $0.results.last } }

    /// Returns once a line with this text has come.
    func line(_ text: String) async {
        for await _ in changes where texts.contains(where: { $0.hasSuffix(": \(text)") }) { return }
    }

    func respond(to request: Request) async -> Response {
        do {
            if request.path.starts(with: "/v1/".utf8) { return try await answerAsModel(request) }
            guard request.headers["authorization"] == "Bearer nxa_test" else { return .text("", status: .unauthorized) }
            let body = try await request.body.collect(upTo: 1 << 24)
            let path = String(decoding: request.path, as: UTF8.self).split(separator: "/").map(String.init)
            return try state.withLock { state in
                if state.isSuperseded { return .text("stale attempt", status: .conflict) }
                defer { changed.yield() }
                let answer = try FakeRuns.answer(path, request.method, body, &state)
                state.batches += 1
                return state.losesAnswers && state.batches % 2 == 0 ? .text("lost", status: .badGateway) : answer
            }
        } catch {
            state.withLock { $0.faults.append("\(error)") }
            return .text("\(error)", status: .badRequest)
        }
    }

    private func answerAsModel(_ request: Request) async throws -> Response {
        let body = try JSONTree(parsing: try await request.body.collect(upTo: 1 << 24))
        let key = request.headers["authorization"] ?? request.headers["x-api-key"] ?? ""
        return state.withLock { state in
            state.modelRequests.append(body)
            state.modelPaths.append("\(String(decoding: request.path, as: UTF8.self)) \(key)")
            guard !state.modelAnswers.isEmpty else { return .text("no more answers", status: .badRequest) }
            let answer = state.modelAnswers.removeFirst()
            return .json(Array(answer.body.utf8), status: answer.status)
        }
    }

    private static func answer(_ path: [String], _ method: HTTP.Method, _ body: [UInt8], _ state: inout State) throws -> Response
    {
        switch path[2] {
        case "context": return .json(try JSON.encode(state.context))
        case "logs":
            for line in try JSON.decode(LogBatch.self, from: body).lines {
                if let known = state.lines[line.n], known != line {
                    state.faults.append("line \(line.n) came twice, and differs")
                }
                if line.n != 1, state.lines[line.n - 1] == nil {
                    state.faults.append("line \(line.n) came before the one before it")
                }
                state.lines[line.n] = line
            }
            return .json(try JSON.encode(LogBatchAnswer(next: Int64(state.lines.count) + 1)))
        case "heartbeat":
            state.heartbeats += 1
            return .json(try JSON.encode(HeartbeatAnswer(status: .running, cancel: state.isCancelled, pause: state.isPaused)))
        case "usage":
            state.usage = try JSON.decode(Usage.self, from: body)
            return .json(try JSON.encode(HeartbeatAnswer(status: .running, cancel: state.isCancelled, pause: state.isPaused)))
        case "artifacts": state.artifacts[path[3]] = body
        case "result":
            state.linesWhenResultCame = state.lines.count
            state.results.append(try JSON.decode(RunResultReport.self, from: body))
        default: return .text("", status: .notFound)
        }
        return .json(Array("{}".utf8))
    }
}

/// A run in a folder of its own, against a fake service.
struct RunFixture: Sendable {
    let folder: String
    let runs: FakeRuns
    let run: AgentRun
    let runID: String

    /// Makes everything, calls `body`, and takes everything away.
    static func with(
        _ description: String, runID: String = "run_\(UInt64.random(in: 0 ... .max))", mirrors: String? = nil,
        prepare: @Sendable (inout RunContext, String) throws -> Void = { _, _ in },
        body: @escaping @Sendable (RunFixture) async throws -> Void
    ) async throws {
        let folder = "/tmp/nexus-runner-\(runID)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { Folder.remove(folder) }
        var context = RunContext.example(description, runID: runID)
        try prepare(&context, folder)
        let runs = FakeRuns(context)
        let group = try EventLoopGroup(count: 1)
        let loop = group.loops[0]
        let server = HTTPServer(group: group, responder: runs)
        let address = try server.listen(on: .unix(path: folder + "/api.sock"))
        let modelAddress = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        runs.state.withLock { state in
            if state.context.agent.model.baseURL == "here" { state.context.agent.model.baseURL = "http://\(modelAddress)" }
        }
        let environment = [
            "NEXUS_URL": "\(address)", "NEXUS_AGENT_TOKEN": "nxa_test", "NEXUS_RUN_ID": runID,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "NEXUS_TASK_TITLE": context.task.title, "SECRET_ONE": "one", "SECRET_TWO": "two", "MODEL_KEY": "key",
        ]
        var options = try RunnerOptions(
            arguments: ["--work", folder + "/own", "--mirrors", mirrors ?? folder + "/mirrors", "--heartbeat-seconds", "0.05"],
            environment: environment)
        options.modelRetry = Retry(attemptsMax: 3, delayFirst: .milliseconds(1), delayMax: .milliseconds(2), repeatsUnsafe: true)
        let result = await loop.task { [options] in
            let run = AgentRun(options, client: HTTPClient(on: loop), on: loop)
            try await body(RunFixture(folder: folder, runs: runs, run: run, runID: runID))
        }.result
        await server.shutdown(within: .zero)
        group.shutdown()
        try result.get()
    }

    /// What a shell command prints, with plain git identities.
    @discardableResult
    static func sh(_ script: String, in folder: String) throws -> String {
        let out = "/tmp/nexus-runner-sh-\(UInt32.random(in: 0 ... .max)).out"
        defer { unlink(out) }
        let identity =
            "export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=U GIT_AUTHOR_EMAIL=u@x; "
            + "export GIT_COMMITTER_NAME=U GIT_COMMITTER_EMAIL=u@x"
        let status = system("cd '\(folder)' && { \(identity); set -e; \(script)\n} >'\(out)' 2>&1")
        let text = String(decoding: try Data(contentsOf: URL(filePath: out)), as: UTF8.self)
        if status != 0 { throw ScriptFailed(output: text) }
        return text
    }

    struct ScriptFailed: Error { let output: String }
}

extension RunContext {
    static func example(_ description: String, runID: String) -> RunContext {
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        let agent = Agent(
            id: "agent_builder", workspaceID: "ws", name: "Builder", slug: "builder", model: AgentModel(provider: .runbook),
            permissions: AgentPermissions(canCommit: true), secrets: ["SECRET_ONE"], createdAt: now, updatedAt: now)
        let task = AgentTask(
            id: "task_1", workspaceID: "ws", title: "Build it", description: description, status: .running, createdAt: now,
            updatedAt: now)
        let run = Run(
            id: runID, workspaceID: "ws", taskID: "task_1", agentID: "agent_builder", status: .starting, timeoutSeconds: 60,
            createdAt: now,
            updatedAt: now)
        return RunContext(run: run, agent: agent, task: task)
    }

    /// Gives the context a project whose repository is at `path`.
    mutating func setRepository(_ path: String, branch: String? = nil) {
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        let project = Project(id: "proj_1", workspaceID: "ws", slug: "p", repoURL: path, createdAt: now, updatedAt: now)
        self.project = ProjectContext(
            project, defaultBranch: branch, tasks: [TaskContext(id: "task_0", title: "Before", status: .completed)])
    }
}
