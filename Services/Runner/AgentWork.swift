import Client
import Models
import Processes

/// What an agent works with: the same for every provider.
struct AgentWork: Sendable {
    let context: RunContext
    let folders: RunFolders
    let environment: [String: String]
    /// The runner's own variables: holds the keys of model endpoints, which the agent's programs are not given.
    let secrets: [String: String]
    let processes: AgentProcesses
    let logs: LogShipper
    let control: RunControl
    let api: RunsAPI
    let client: HTTPClient
    let modelRetry: Retry
    /// A service that takes longer to say whether to wait is asked again by the heart.
    private static let askingTimeout = Duration.seconds(1)

    func say(_ text: String, level: String? = nil) async { await logs.add(.system, text, level: level) }

    func command(_ executable: String, _ arguments: [String]) -> Command {
        Command(executable, arguments, environment: environment, workingDirectory: folders.tree)
    }
}

/// What came of an agent's work.
struct AgentOutcome: Sendable, Equatable {
    var summary: String
    var exitCode: Int?
    var failure: Failure?

    static func succeeded(_ summary: String, exitCode: Int? = nil) -> AgentOutcome {
        AgentOutcome(summary: summary, exitCode: exitCode)
    }

    static func failed(_ reason: FailureReason, _ message: String, exitCode: Int? = nil) -> AgentOutcome {
        AgentOutcome(summary: message, exitCode: exitCode, failure: Failure(reason, message))
    }
}

extension AgentWork {
    /// Does the task, in the way of the agent's provider.
    /// - Throws: `CancellationError`; `RunFailed`; a superseded run's errors.
    func perform() async throws -> AgentOutcome {
        switch context.agent.model.provider {
        case .runbook: try await followRunbook()
        case .command: try await runCommand()
        case .openai, .anthropic: try await converse()
        }
    }

    /// Runs the blocks of the task's description, else those of the agent's instructions, until one fails.
    func followRunbook() async throws -> AgentOutcome {
        var runbook = Runbook(context.task.description)
        if runbook.blocks.isEmpty { runbook = Runbook(context.agent.instructions) }
        for item in Runbook(context.task.description).items { await say("[\(item.isDone ? "x" : " ")] \(item.text)") }
        guard !runbook.blocks.isEmpty else {
            return .failed(
                .agentError, "nothing to run: neither the task's description nor the agent's instructions hold a fenced sh block")
        }
        let count = runbook.blocks.count
        for (number, block) in zip(1..., runbook.blocks) {
            // Asked at the boundary itself, so that no block begins after somebody has said to wait. Where the service is away,
            // the heart goes on asking.
            if number > 1, let answer = try? await api.heartbeat(within: AgentWork.askingTimeout) {  // try?: as just said
                control.pause(answer.pause ?? false)
            }
            if control.isPaused { await say("paused before block \(number) of \(count)") }
            try await control.waitWhilePaused()
            await say("block \(number) of \(count) (\(block.shell.rawValue)): \(block.firstLine)")
            let exit = try await run(block, number)
            if exit.isSuccess { continue }
            let how =
                switch exit.reason {
                case .exited(let code): "exited \(code)"
                case .signalled(let signal): "was killed by signal \(signal)"
                }
            return .failed(.agentError, "block \(number) of \(count) \(how): \(block.firstLine)", exitCode: exit.code)
        }
        return .succeeded(count == 1 ? "1 block succeeded" : "\(count) blocks succeeded", exitCode: 0)
    }

    private func run(_ block: Runbook.Block, _ number: Int) async throws -> Subprocess.Exit {
        // A file, not an argument: arguments are limited, and a shell names its file and line in what it reports.
        let path = "\(folders.scripts)/block-\(number).\(block.shell.rawValue)"
        try Folder.write(block.script, to: path)
        do {
            return try await processes.run(command(block.shell == .sh ? "/bin/sh" : "bash", ["-e", path]))
        } catch let error as SpawnError {
            throw RunFailed(.agentError, "block \(number) cannot be run: \(error)")
        }
    }

    /// Runs the agent's own program, with the prompt on its standard input.
    func runCommand() async throws -> AgentOutcome {
        guard let program = context.agent.model.command, let executable = program.first else {
            return .failed(.agentError, "the agent has no model.command")
        }
        try await control.waitWhilePaused()
        var command = command(executable, Array(program.dropFirst()))
        command.input = .bytes(Array(Prompt(context).whole.utf8))
        await say("command: \(program.joined(separator: " "))")
        let exit: Subprocess.Exit
        do { exit = try await processes.run(command) } catch let error as SpawnError {
            return .failed(.agentError, "the agent's command cannot be run: \(error)")
        }
        let last = processes.tail.lastLine.map { String($0.prefix(Runbook.quotedCharactersMax)) }
        switch exit.reason {
        case .exited(0): return .succeeded(last ?? "\(executable) exited 0", exitCode: 0)
        case .exited(let code):
            return .failed(.agentError, "\(executable) exited \(code)" + (last.map { ": \($0)" } ?? ""), exitCode: Int(code))
        case .signalled(let signal):
            return .failed(.agentError, "\(executable) was killed by signal \(signal)", exitCode: exit.code)
        }
    }
}
