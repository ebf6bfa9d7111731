import CSystem
import Glibc

/// A program to start: everything that it gets is said here, nothing is inherited.
public struct Command: Sendable {
    /// Where the child's standard input comes from.
    public enum Input: Sendable {
        case null
        /// These bytes, from memory: the child reads them at its own pace and nobody has to feed it.
        case bytes([UInt8])
    }

    /// Where one of the child's outputs goes.
    public enum Output: Sendable {
        case null
        /// To `Subprocess.output` or `.errors`.
        case pipe
        /// To this process's own standard output or standard error.
        case shared
        /// Appended to a file, which is made when missing (mode 0600).
        case file(String)
    }

    /// Which processes a signal to the child's group reaches.
    public enum Group: Int32, Sendable {
        case ofCaller = 0
        case own = 1
        /// A session of its own: it also survives the caller's terminal.
        case ownSession = 2
    }

    /// A resource limit, soft and hard alike.
    public struct Limit: Sendable, Hashable {
        public let resource: Int32
        public let value: UInt64

        /// Bytes of address space.
        public static func addressSpace(bytes: UInt64) -> Limit { Limit(resource: Int32(RLIMIT_AS.rawValue), value: bytes) }
        /// Bytes of private memory that can be written (setrlimit(2), `RLIMIT_DATA`): what is only reserved does not count.
        public static func data(bytes: UInt64) -> Limit { Limit(resource: Int32(RLIMIT_DATA.rawValue), value: bytes) }
        public static func openFiles(_ count: UInt64) -> Limit { Limit(resource: Int32(RLIMIT_NOFILE.rawValue), value: count) }
        /// Bytes of the largest file written.
        public static func fileSize(bytes: UInt64) -> Limit { Limit(resource: Int32(RLIMIT_FSIZE.rawValue), value: bytes) }
        /// Bytes of a core dump.
        public static func coreSize(bytes: UInt64) -> Limit { Limit(resource: Int32(RLIMIT_CORE.rawValue), value: bytes) }
        /// Seconds of processor time.
        public static func processorTime(seconds: UInt64) -> Limit { Limit(resource: Int32(RLIMIT_CPU.rawValue), value: seconds) }
    }

    /// A path, or a name that is looked up in the `PATH` of `environment`.
    public var executable: String
    /// Without the program's own name.
    public var arguments: [String]
    public var environment: [String: String]
    /// This process's own when nil.
    public var workingDirectory: String?
    public var input: Input = .null
    public var output: Output = .pipe
    public var errors: Output = .pipe
    public var group: Group = .own
    public var limits: [Limit] = []
    /// The child and all that it starts gain nothing by running a set-uid program.
    public var withoutNewPrivileges = false
    /// The child gets this signal when the thread that started it ends: for children that must not outlive their supervisor.
    public var deathSignal: Int32?

    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String], workingDirectory: String? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Where `executable` is: itself when it has a slash, else the first match in `PATH`.
    /// - Throws: `SpawnError` when there is none.
    func resolvedExecutable() throws(SpawnError) -> String {
        if executable.utf8.contains(UInt8(ascii: "/")) { return executable }
        for folder in (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
            let candidate = "\(folder)/\(executable)"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw SpawnError(executable: executable, step: "find", code: ENOENT)
    }
}

/// A program that could not be started.
public struct SpawnError: Error, Sendable, Equatable, CustomStringConvertible {
    public let executable: String
    /// The system call that failed.
    public let step: String
    /// The value of `errno`.
    public let code: Int32

    public var description: String { "\(executable): \(step): \(String(cString: strerror(code)))" }
}
