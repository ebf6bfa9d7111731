import Glibc
import Models
import Processes

/// A run that cannot go on, with what is reported for it.
struct RunFailed: Error {
    let failure: Failure

    init(_ reason: FailureReason, _ message: String) { failure = Failure(reason, message) }
}

/// The `git` program, with nothing of the machine's or a user's configuration: no hooks, no prompts, no signing, one author.
struct Git: Sendable {
    struct GitError: Error, CustomStringConvertible {
        let arguments: [String]
        let message: String

        var description: String { "git \(arguments.first ?? ""): \(message)" }
    }

    private static let configuration = [
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false", "commit.gpgSign=false",
        // The project names the repository, and whoever may change the project may read it: whose files they are says no more.
        "safe.directory=*", "http.lowSpeedLimit=1000", "http.lowSpeedTime=60",
    ]
    /// Kept of what git prints: a list of file names, as a rule.
    private static let outputBytesMax = 8 * 1024 * 1024

    let environment: [String: String]

    /// - Parameters:
    ///   - environment: gives `PATH` and the run's mark.
    ///   - home: an empty folder.
    init(_ author: GitAuthor, home: String, environment: [String: String]) {
        self.environment = author.environment.merging([
            "PATH": environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8",
            "NEXUS_RUN_ID": environment["NEXUS_RUN_ID"] ?? "", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        ]) { _, own in own }
    }

    /// Runs git and gives what it prints, without the last line's end.
    /// - Throws: `GitError` when it fails.
    @discardableResult
    func callAsFunction(_ arguments: [String], in folder: String, environment extra: [String: String] = [:]) async throws
        -> String
    {
        let finished = try await run(arguments, in: folder, environment: extra)
        guard finished.exit.isSuccess else { throw Git.error(arguments, finished) }
        var output = finished.outputText[...]
        if output.last == "\n" { output.removeLast() }
        return String(output)
    }

    /// What git prints, or nil when it fails: for questions whose answer may be no.
    func answer(_ arguments: [String], in folder: String) async throws -> String? {
        do { return try await self(arguments, in: folder) } catch is GitError { return nil }
    }

    /// Runs git and leaves it to the caller what its exit status means.
    func run(_ arguments: [String], in folder: String, environment extra: [String: String] = [:]) async throws -> Finished {
        try await Subprocess.run(command(arguments, in: folder, environment: extra), keeping: Git.outputBytesMax)
    }

    func command(_ arguments: [String], in folder: String, environment extra: [String: String] = [:]) -> Command {
        let configured = Git.configuration.flatMap { ["-c", $0] } + arguments
        return Command("git", configured, environment: environment.merging(extra) { _, own in own }, workingDirectory: folder)
    }

    static func error(_ arguments: [String], _ finished: Finished) -> GitError {
        let lines = finished.errorText.split(separator: "\n")
        let telling =
            lines.last { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") } ?? lines.last ?? "exited \(finished.exit.code)"
        return GitError(arguments: arguments, message: String(telling.prefix(500)))
    }
}

/// Who is named as the author of a run's commits.
struct GitAuthor: Sendable, Equatable {
    let name: String
    let email: String

    init(_ agent: Agent) {
        // Git refuses a name of nothing but these characters, and drops them elsewhere.
        let name = agent.name.filter { $0 != "<" && $0 != ">" && !$0.isNewline }
        self.name = name.contains { $0.isLetter || $0.isNumber } ? name : agent.slug
        email = "\(agent.slug)@agents.nexus.invalid"
    }

    var environment: [String: String] {
        ["GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email]
    }
}
