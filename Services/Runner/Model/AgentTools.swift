import HTTP
import Models
import Processes
import Synchronization

/// The tools that a model is given, by the agent's `tools`: a shell, single programs, files of the working folder, a way to
/// finish.
struct AgentTools: Sendable {
    /// How a model is told to work, after its own instructions.
    static let manner = """

        You work alone in a folder, with the tools that you are given. What you change there is reviewed afterwards.
        When the task is done, or cannot be done, call `finish`.

        """
    private static let shellTimeoutDefault = 600.0
    private static let shellTimeoutMax = 3600.0
    /// Programs that are tools of their own.
    private static let programs: [AgentTool] = [.git, .cargo, .npm, .python, .make, .docker, .kubectl]

    private let work: AgentWork
    private let files: WorkingFiles
    private let allowed: Set<AgentTool>

    init(_ work: AgentWork) {
        self.work = work
        files = WorkingFiles(root: work.folders.tree)
        allowed = Set(work.context.agent.tools)
    }

    var descriptions: [ToolDescription] {
        var tools: [ToolDescription] = []
        let timeout = ToolDescription.Parameter(
            name: "timeout_seconds", type: "integer", purpose: "Ends the program after so long; 600 by default.",
            isRequired: false)
        if allowed.contains(.shell) {
            tools.append(
                ToolDescription(
                    name: "shell", purpose: "Runs a command by /bin/sh in the working folder; gives its exit status and output.",
                    parameters: [.init(name: "command", type: "string", purpose: "The command."), timeout]))
        }
        for program in AgentTools.programs where allowed.contains(program) {
            tools.append(
                ToolDescription(
                    name: program.rawValue,
                    purpose: "Runs \(program.rawValue) in the working folder; gives its exit status and output.",
                    parameters: [.init(name: "arguments", type: "array", purpose: "Its arguments."), timeout]))
        }
        if allowed.contains(.files) || allowed.contains(.shell) {
            let path = ToolDescription.Parameter(name: "path", type: "string", purpose: "Relative to the working folder.")
            tools.append(ToolDescription(name: "read_file", purpose: "Gives a file's text.", parameters: [path]))
            tools.append(
                ToolDescription(
                    name: "write_file", purpose: "Makes or replaces a file, and the folders above it.",
                    parameters: [path, .init(name: "content", type: "string", purpose: "All of its text.")]))
            tools.append(
                ToolDescription(name: "list_files", purpose: "Lists the files of the working folder.", parameters: []))
        }
        tools.append(
            ToolDescription(
                name: "finish", purpose: "Ends the work.",
                parameters: [
                    .init(name: "summary", type: "string", purpose: "One line: what was done, or why it cannot be."),
                    .init(name: "success", type: "boolean", purpose: "False when the task could not be done.", isRequired: false),
                ]))
        return tools
    }

    /// What the run ends with, when the call is the one that ends it.
    func finished(_ call: ToolCall) -> AgentOutcome? {
        guard call.name == "finish", let arguments = call.arguments else { return nil }
        let summary = arguments["summary"]?.text ?? "finished"
        if arguments["success"] == .bool(false) { return .failed(.agentError, summary) }
        return .succeeded(String(summary.prefix(1000)))
    }

    /// - Throws: `CancellationError`.
    func perform(_ call: ToolCall) async throws -> ToolResult {
        guard let arguments = call.arguments else {
            return .mistake(call, "the arguments of \(call.name) are no JSON object")
        }
        guard let description = descriptions.first(where: { $0.name == call.name }) else {
            let names = descriptions.map(\.name).joined(separator: ", ")
            return .mistake(call, "there is no tool \(call.name); there are: \(names)")
        }
        if let missing = description.parameters.first(where: { $0.isRequired && arguments[$0.name] == nil }) {
            return .mistake(call, "\(call.name): \(missing.name) is required")
        }
        switch call.name {
        case "shell":
            let command = arguments["command"]?.text ?? ""
            await work.logs.add(.tool, "shell: \(command)")
            return try await run(call, work.command("/bin/sh", ["-c", command]))
        case "read_file", "write_file", "list_files": return await file(call, arguments)
        default:
            let words = arguments["arguments"]?.items.compactMap(\.text) ?? []
            await work.logs.add(.tool, "\(call.name): \(words.joined(separator: " "))")
            return try await run(call, work.command(call.name == "python" ? "python3" : call.name, words))
        }
    }

    private func file(_ call: ToolCall, _ arguments: JSONTree) async -> ToolResult {
        let path = arguments["path"]?.text ?? ""
        await work.logs.add(.tool, "\(call.name): \(path)")
        do {
            switch call.name {
            case "read_file": return ToolResult(callID: call.id, text: try files.read(path))
            case "list_files": return ToolResult(callID: call.id, text: files.list())
            default:
                try files.write(arguments["content"]?.text ?? "", to: path)
                return ToolResult(callID: call.id, text: "written")
            }
        } catch {
            return ToolResult(callID: call.id, text: "\(error)", isError: true)
        }
    }

    private func run(_ call: ToolCall, _ command: Command) async throws -> ToolResult {
        let heard = HeardOutput()
        let wanted = call.arguments?["timeout_seconds"]?.number ?? AgentTools.shellTimeoutDefault
        let seconds = max(1, min(wanted, AgentTools.shellTimeoutMax))
        do {
            let exit = try await work.processes.run(command, within: .seconds(seconds)) { _, line in heard.add(line) }
            let text = "exit status \(exit.code)\n\(heard.text)"
            return ToolResult(callID: call.id, text: text, isError: !exit.isSuccess)
        } catch is AgentProcesses.TookTooLong {
            return ToolResult(callID: call.id, text: "ended after \(Int(seconds)) s\n\(heard.text)", isError: true)
        } catch let error as SpawnError {
            return ToolResult(callID: call.id, text: "\(error)", isError: true)
        }
    }
}

extension ToolResult {
    /// Tells a model that it called what is not there, from a tool that failed.
    private static let mistakePrefix = "no such call: "

    static func mistake(_ call: ToolCall, _ text: String) -> ToolResult {
        ToolResult(callID: call.id, text: mistakePrefix + text, isError: true)
    }

    var isMistake: Bool { text.hasPrefix(ToolResult.mistakePrefix) }
}

/// What a program printed, for a model to read: the start and the end of it.
private final class HeardOutput: Sendable {
    private static let headBytesMax = 12 * 1024
    private static let tailBytesMax = 12 * 1024

    private let kept = Mutex((head: "", tail: OutputTail(bytesMax: tailBytesMax), isLong: false))

    func add(_ line: String) {
        kept.withLock { kept in
            if !kept.isLong, kept.head.utf8.count + line.utf8.count < HeardOutput.headBytesMax {
                kept.head += line + "\n"
            } else {
                kept.isLong = true
                kept.tail.add(line)
            }
        }
    }

    var text: String { kept.withLock { $0.isLong ? $0.head + "[…]\n" + $0.tail.text : $0.head } }
}
