import Glibc
import Loops
import Models
import Processes

/// The programs that an agent runs: each line that they print is a log line, and none of them outlives the run. Confined to its
/// loop.
final class AgentProcesses: @unchecked Sendable {  // Confined to its loop's thread.
    /// How long a program that has ended may keep its outputs open, before the run goes on without waiting for more of them:
    /// something that it started in the background holds them.
    private static let drainLimit = Duration.milliseconds(250)
    /// A cancelled run's programs may clean up for this long.
    private static let grace = Duration.seconds(1)

    /// A program was ended because its time was over, and with it everything that the run had started.
    struct TookTooLong: Error {}

    private let loop: EventLoop
    private let logs: LogShipper
    private let options: RunnerOptions
    private var started: [ProcessIdentity] = []
    private var readers: [Task<Void, Never>] = []
    private var ending: Task<Bool, Never>?
    /// The last of all standard output.
    private(set) var tail = OutputTail(bytesMax: RunResultReport.outputBytesMax)

    init(_ options: RunnerOptions, logs: LogShipper, on loop: EventLoop) {
        self.options = options
        self.logs = logs
        self.loop = loop
    }

    /// Runs a program to its end. A cancelled task's program is ended, with all that came of it.
    /// - Parameter heard: called with each line as well.
    /// - Throws: `SpawnError`; `CancellationError`.
    func run(
        _ command: Command, heard: (@Sendable (LogStream, String) -> Void)? = nil
    ) async throws -> Subprocess.Exit {
        try Task.checkCancellation()
        var command = command
        command.group = .own
        command.withoutNewPrivileges = true
        command.limits.append(.coreSize(bytes: 0))
        let process = try Subprocess.spawn(command)
        started.append(process.identity)
        let open = OpenOutputs(on: loop)
        for (pipe, stream) in [(process.output, LogStream.stdout), (process.errors, .stderr)] {
            guard let pipe else { continue }
            open.count += 1
            readers.append(
                loop.task {
                    await self.read(pipe, stream, heard)
                    open.closed()
                })
        }
        let exit = await withTaskCancellationHandler {
            await process.exit
        } onCancel: {
            loop.execute { _ = self.startEnding() }
        }
        await open.allClosed(within: AgentProcesses.drainLimit)
        try Task.checkCancellation()
        return exit
    }

    /// Runs a program to its end, or to the end of its time.
    /// - Throws: `TookTooLong`; what `run` throws.
    func run(
        _ command: Command, within limit: Duration, heard: @escaping @Sendable (LogStream, String) -> Void
    ) async throws -> Subprocess.Exit {
        let program = loop.task { try await self.run(command, heard: heard) }
        let isLate = Lateness()
        let timer = loop.schedule(after: limit) {
            isLate.value = true
            program.cancel()
        }
        defer { timer.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await program.value
            } onCancel: {
                program.cancel()
            }
        } catch is CancellationError where isLate.value && !Task.isCancelled {
            await endAll()
            throw TookTooLong()
        }
    }

    /// Ends whatever still runs, and takes the last of what it printed.
    /// - Returns: false when something could not be ended.
    @discardableResult
    func endAll() async -> Bool {
        let isOver = await startEnding().value
        ending = nil
        if isOver { for reader in readers { await reader.value } }
        readers = []
        return isOver
    }

    private func startEnding() -> Task<Bool, Never> {
        if let ending { return ending }
        var tree = ProcessTree(roots: started, marker: "NEXUS_RUN_ID=\(options.runID)")
        if options.ownsProcess { tree.roots.append(.current) }
        let task = loop.task { [tree] in await tree.terminate(grace: AgentProcesses.grace) }
        ending = task
        return task
    }

    private func read(_ pipe: OutputPipe, _ stream: LogStream, _ heard: (@Sendable (LogStream, String) -> Void)?) async {
        var splitter = LineSplitter(bytesMax: LogBatch.lineBytesMax)
        // An output that cannot be read ends like one that is closed; the program's exit status tells what matters.
        while let piece = try? await pipe.next() {  // try?: as above
            for line in splitter.add(piece) { await take(line, stream, heard) }
        }
        if let line = splitter.finish() { await take(line, stream, heard) }
    }

    private func take(_ line: String, _ stream: LogStream, _ heard: (@Sendable (LogStream, String) -> Void)?) async {
        if stream == .stdout { tail.add(line) }
        heard?(stream, line)
        await logs.add(stream, line)
    }
}

/// Whether a time is over. Confined to its loop.
private final class Lateness: @unchecked Sendable {  // Confined to its loop's thread, by its owner.
    var value = false
}

/// Counts a program's outputs that are still open. Confined to its loop.
private final class OpenOutputs: @unchecked Sendable {  // Confined to its loop's thread, by its owner.
    var count = 0
    private let changed: Signal

    init(on loop: EventLoop) { changed = Signal(on: loop) }

    func closed() {
        count -= 1
        changed.raise()
    }

    func allClosed(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while count > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            await changed.wait(upTo: deadline - ContinuousClock.now)
        }
    }
}
