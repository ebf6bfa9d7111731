import CSystem
import Glibc
import Loops

/// The descriptors of a child about to be started: its ends, and ours of its pipes.
struct Descriptors {
    /// What become 0, 1 and 2; -1 for /dev/null.
    private(set) var child: (Int32, Int32, Int32) = (-1, -1, -1)
    private var opened: [Int32] = []
    private var output: Int32?
    private var errors: Int32?

    /// - Throws: `SystemError`; what was opened until then is closed by `closeChildEnds()`.
    mutating func open(for command: Command) throws(SystemError) {
        if case .bytes(let bytes) = command.input {
            child.0 = bytes.withUnsafeBytes { nexus_memory_file($0.baseAddress, $0.count) }
            guard child.0 >= 0 else { throw SystemError("memfd_create") }
            opened.append(child.0)
        }
        (child.1, output) = try open(command.output, shared: STDOUT_FILENO)
        (child.2, errors) = try open(command.errors, shared: STDERR_FILENO)
    }

    /// Called once the child has its copies, or never will; also closes what of our own ends nobody took.
    mutating func closeChildEnds() {
        for descriptor in opened { close(descriptor) }
        opened = []
        if let output { close(output) }
        if let errors { close(errors) }
    }

    mutating func takeOutput(on loop: EventLoop) throws(SystemError) -> OutputPipe? { try take(&output, on: loop) }
    mutating func takeErrors(on loop: EventLoop) throws(SystemError) -> OutputPipe? { try take(&errors, on: loop) }

    private func take(_ descriptor: inout Int32?, on loop: EventLoop) throws(SystemError) -> OutputPipe? {
        guard let open = descriptor else { return nil }
        let channel = try Channel(adopting: open, on: loop)
        descriptor = nil
        return OutputPipe(channel)
    }

    private mutating func open(_ output: Command.Output, shared: Int32) throws(SystemError) -> (child: Int32, ours: Int32?) {
        switch output {
        case .null: return (-1, nil)
        case .shared: return (shared, nil)
        case .file(let path):
            let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw SystemError("open \(path)") }
            opened.append(descriptor)
            return (descriptor, nil)
        case .pipe:
            // Only our end never blocks: the child expects an output that does.
            var reading: Int32 = -1
            var writing: Int32 = -1
            guard nexus_output_pipe(&reading, &writing) == 0 else { throw SystemError("pipe2") }
            opened.append(writing)
            return (writing, reading)
        }
    }
}
