import Glibc
import Loops
import Models
import Processes
import Service

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs each attempt in a process of this machine: a session and process group of its own, which survives this service;
/// a folder of its own; a clean environment; resource limits.
struct ProcessLauncher: Launcher {
    /// Descriptors of each process of a run.
    static let openFilesMax: UInt64 = 4096
    private static let pathDefault = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    let configuration: ServiceConfiguration
    let files: FileQueue
    let secrets: SecretFolder

    private var runsFolder: String { "\(configuration.dataDirectory)/runs" }

    func launch(_ claim: RunTransitions.Claim) async throws -> any LaunchedRunner {
        let run = claim.run
        let folder = "\(runsFolder)/\(run.id)/\(run.attempt)"
        let secrets = try await files.perform { [secrets] in
            try Folders.make(folder)
            return secrets.values(for: claim.agent)
        }
        let executable = configuration.runnerPath ?? "\(Executables.folder)/nexus-agent-runner"
        var command = Command(
            executable,
            [
                "--work", folder, "--mirrors", "\(configuration.dataDirectory)/mirrors", "--heartbeat-seconds",
                "\(configuration.heartbeatSeconds)",
            ],
            environment: environment(of: claim, home: folder, secrets: secrets), workingDirectory: folder)
        command.output = .file("\(runsFolder)/\(run.id)/runner.log")
        command.errors = .file("\(runsFolder)/\(run.id)/runner.log")
        command.group = .ownSession
        command.withoutNewPrivileges = true
        command.limits = [.coreSize(bytes: 0), .openFiles(ProcessLauncher.openFilesMax)]
        if let memory = claim.agent.runtime.memory.flatMap(Quantity.bytes) { command.limits.append(.data(bytes: memory)) }
        let outOfMemoryKills = MemoryPressure.kills()
        let process = try Subprocess.spawn(command)
        return ProcessRunner(root: process.identity, runID: run.id) {
            switch await process.exit.reason {
            case .exited(let code): .exited(code)
            // The machine's own count of such kills: nobody else tells this one from `kill -9`.
            case .signalled(SIGKILL) where MemoryPressure.kills() > outOfMemoryKills: .outOfMemory
            case .signalled(let number): .signalled(number)
            }
        }
    }

    func adopt(_ attempt: Attempt, identity: String?) async -> any LaunchedRunner {
        // try?: an identity that cannot be read is as good as none.
        guard let identity, let root = try? JSONDecoder().decode(ProcessIdentity.self, from: Data(identity.utf8)) else {
            return ProcessRunner(root: nil, runID: attempt.runID) { .unseen }
        }
        return ProcessRunner(root: root, runID: attempt.runID) {
            await root.ended()
            return .unseen
        }
    }

    func clean(_ attempt: Attempt) async {
        let folder = "\(runsFolder)/\(attempt.runID)/\(attempt.number)"
        // try?: what cannot be removed lies there and is in nobody's way.
        try? await files.perform { try FileManager.default.removeItem(atPath: folder) }
    }

    private func environment(of claim: RunTransitions.Claim, home: String, secrets: [String: String]) -> [String: String] {
        var environment = secrets
        environment["NEXUS_URL"] = configuration.publicURL ?? "unix:\(configuration.socketPath("runs-api"))"
        environment["NEXUS_AGENT_TOKEN"] = claim.token
        environment["NEXUS_RUN_ID"] = claim.run.id
        environment["NEXUS_TASK_ID"] = claim.run.taskID
        environment["NEXUS_PROJECT_ID"] = claim.run.projectID
        environment["NEXUS_AGENT_ID"] = claim.run.agentID
        environment["TRACEPARENT"] = TraceContext.current?.traceparent
        environment["PATH"] = getenv("PATH").map { String(cString: $0) } ?? ProcessLauncher.pathDefault
        environment["HOME"] = home
        environment["LANG"] = "C.UTF-8"
        return environment
    }
}

/// A runner in a process of this machine, and all that came of it.
private struct ProcessRunner: LaunchedRunner {
    let root: ProcessIdentity?
    let runID: String
    let wait: @Sendable () async -> RunnerExit

    init(root: ProcessIdentity?, runID: String, wait: @escaping @Sendable () async -> RunnerExit) {
        self.root = root
        self.runID = runID
        self.wait = wait
    }

    var identity: String {
        // try?: two numbers and a text always encode.
        guard let root, let data = try? JSONEncoder().encode(root) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    func exit() async -> RunnerExit { await wait() }

    func end() async -> Bool {
        await ProcessTree(roots: root.map { [$0] } ?? [], marker: "NEXUS_RUN_ID=\(runID)").terminate()
    }
}

/// How often the machine has killed a process because memory ran out (`oom_kill` in proc(5)'s vmstat).
enum MemoryPressure {
    static func kills() -> Int {
        guard let data = FileManager.default.contents(atPath: "/proc/vmstat") else { return 0 }
        for line in data.split(separator: UInt8(ascii: "\n")) where line.starts(with: "oom_kill ".utf8) {
            return Int(String(decoding: line.dropFirst("oom_kill ".utf8.count), as: UTF8.self)) ?? 0
        }
        return 0
    }
}
