import Glibc
import Loops

/// A process that has run to its end, with what it printed.
public struct Finished: Sendable {
    public let exit: Subprocess.Exit
    public let output: [UInt8]
    public let errors: [UInt8]

    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errors, as: UTF8.self) }
}

extension Subprocess {
    /// Starts a program, reads what it prints, and waits for its end. Called on a loop.
    /// - Parameter limit: bytes kept of each output; what is over is read and dropped.
    /// - Throws: `SpawnError`, `SystemError`; `CancellationError` once a cancelled task's process has been killed.
    public static func run(_ command: Command, keeping limit: Int = 1024 * 1024) async throws -> Finished {
        let process = try spawn(command)
        let loop = process.loop
        let finished = try await withTaskCancellationHandler {
            // The reads end with the process, which the cancellation kills: they need none of their own.
            let output = loop.task { try await process.output?.collect(upTo: limit) ?? [] }
            let errors = loop.task { try await process.errors?.collect(upTo: limit) ?? [] }
            return Finished(exit: await process.exit, output: try await output.value, errors: try await errors.value)
        } onCancel: {
            process.signalGroup(SIGKILL, of: command)
        }
        try Task.checkCancellation()
        return finished
    }

    private func signalGroup(_ number: Int32, of command: Command) {
        if command.group == .ofCaller { return signal(number) }
        // A group's number is not given away before its last member is gone and the leader reaped.
        if identity.isAlive { kill(-pid, number) }
    }
}
