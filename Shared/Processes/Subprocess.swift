import CSystem
import Glibc
import Loops

/// A child process: its outputs are read, and its end is awaited, on the event loop that started it. It is reaped exactly once,
/// whether anyone waits for it or not.
public final class Subprocess: Sendable {
    public let identity: ProcessIdentity
    /// What it prints; nil unless the command says `.pipe`. Unread output stops the child once the pipe is full.
    public let output: OutputPipe?
    public let errors: OutputPipe?
    let loop: EventLoop
    private let end: Task<Exit, Never>

    public var pid: pid_t { identity.pid }

    /// How it ended. Returns at once when it has.
    public var exit: Exit { get async { await end.value } }

    private init(
        _ identity: ProcessIdentity, on loop: EventLoop, output: OutputPipe?, errors: OutputPipe?, end: Task<Exit, Never>
    ) {
        self.identity = identity
        self.loop = loop
        self.output = output
        self.errors = errors
        self.end = end
    }

    /// Starts a program. Called on a loop, which it holds up for about a millisecond; the process belongs to that loop.
    /// - Throws: `SpawnError` when it cannot be started, `SystemError` when there are no descriptors left.
    public static func spawn(_ command: Command) throws -> Subprocess {
        guard let loop = EventLoop.current else { preconditionFailure("a process is started on an event loop") }
        var descriptors = Descriptors()
        defer { descriptors.closeChildEnds() }
        try descriptors.open(for: command)
        let (pid, pidfd) = try start(command, descriptors.child)
        // The child cannot have been reaped: only the task below does that.
        let identity = ProcessIdentity(pid: pid) ?? ProcessIdentity(pid: pid, startTicks: 0)
        let channel: Channel
        do {
            channel = try Channel(adopting: pidfd, on: loop)
        } catch {
            kill(pid, SIGKILL)
            close(pidfd)
            waitpid(pid, nil, 0)
            throw error
        }
        let end = loop.task { await reap(pid, channel) }
        return Subprocess(
            identity, on: loop, output: try descriptors.takeOutput(on: loop), errors: try descriptors.takeErrors(on: loop),
            end: end)
    }

    /// Sends a signal to the process alone; nothing when it has ended.
    public func signal(_ number: Int32) { identity.signal(number) }

    /// How a process ended, and what it took.
    public struct Exit: Sendable, Hashable {
        public enum Reason: Sendable, Hashable {
            case exited(Int32)
            case signalled(Int32)
        }

        public let reason: Reason
        /// Of the largest process of its tree that it waited for.
        public let residentBytesMax: Int
        /// User and system time.
        public let processorSeconds: Double

        public var isSuccess: Bool { reason == .exited(0) }

        /// The exit status as a shell gives it: 128 + n for signal n.
        public var code: Int {
            switch reason {
            case .exited(let code): Int(code)
            case .signalled(let signal): 128 + Int(signal)
            }
        }
    }

    private static func start(_ command: Command, _ standard: (Int32, Int32, Int32)) throws(SpawnError) -> (pid_t, Int32) {
        let executable = try command.resolvedExecutable()
        let arguments = CStrings([command.executable] + command.arguments)
        let environment = CStrings(command.environment.map { "\($0)=\($1)" })
        let limits = command.limits.map { nexus_limit(resource: $0.resource, value: rlim_t($0.value)) }
        var pidfd: Int32 = -1
        var step: UnsafePointer<CChar>?
        let pid = executable.withCString { executable in
            withOptionalCString(command.workingDirectory) { directory in
                limits.withUnsafeBufferPointer { limits in
                    var request = nexus_spawn_request(
                        executable: executable, arguments: arguments.pointer, environment: environment.pointer,
                        directory: directory, standard: standard, group: command.group.rawValue,
                        death_signal: command.deathSignal ?? 0, no_new_privileges: command.withoutNewPrivileges ? 1 : 0,
                        limits: limits.baseAddress, limits_count: limits.count)
                    return nexus_spawn(&request, &pidfd, &step)
                }
            }
        }
        guard pid > 0 else {
            let code = errno
            throw SpawnError(executable: command.executable, step: step.map { String(cString: $0) } ?? "spawn", code: code)
        }
        return (pid, pidfd)
    }

    /// Waits on the loop until the process has ended, then takes its status.
    private static func reap(_ pid: pid_t, _ channel: Channel) async -> Exit {
        defer { channel.close() }
        while true {
            var status: Int32 = 0
            var usage = rusage()
            let result = wait4(pid, &status, WNOHANG, &usage)
            if result == pid { return Exit(status: status, usage: usage) }
            if result < 0, errno != EINTR { return Exit(reason: .exited(-1), residentBytesMax: 0, processorSeconds: 0) }
            if result == 0 {
                // The channel is closed by this task alone and the wait has no deadline: it ends only by the process's end.
                try? await channel.waitReadable(cancellable: false)  // try?: as the line above says
            }
        }
    }
}

extension Subprocess.Exit {
    fileprivate init(status: Int32, usage: rusage) {
        let signal = status & 0x7f
        self.init(
            reason: signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal),
            residentBytesMax: usage.ru_maxrss * 1024,
            processorSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds)
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1_000_000 }
}

/// A NULL-terminated array of C strings, freed with the object.
private final class CStrings {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointer = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointer[index] = strdup(string) }
        pointer[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointer[index]) }
        pointer.deallocate()
    }
}

private func withOptionalCString<Result>(_ string: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    if let string { string.withCString { body($0) } } else { body(nil) }
}
