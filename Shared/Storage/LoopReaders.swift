import Models
import Synchronization

/// A read-only connection for every event loop that reads, opened when it first does.
final class LoopReaders: Sendable {
    private struct State {
        var slots: [UInt: LoopReader] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    private let path: String
    private let options: Database.Options

    init(path: String, options: Database.Options) {
        self.path = path
        self.options = options
    }

    /// Reads at once, on the connection of the calling thread's loop.
    func read<T: Sendable>(on loop: UInt, _ body: @Sendable (Reader) throws -> T) throws -> T {
        let reader = try state.withLock { state in
            guard !state.isClosed else { throw Database.closedError }
            if let reader = state.slots[loop] { return reader }
            let reader = LoopReader(path: path, options: options)
            state.slots[loop] = reader
            return reader
        }
        return try reader.read(body)
    }

    /// Closes the connections, each once its read has ended.
    func close() {
        let readers = state.withLock { state in
            defer { state.slots = [:] }
            state.isClosed = true
            return Array(state.slots.values)
        }
        for reader in readers { reader.close() }
    }
}

/// One loop's connection. Its mutex is contended only by `close`.
private final class LoopReader: Sendable {
    private struct State {
        var connection: Connection?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let path: String
    private let options: Database.Options

    init(path: String, options: Database.Options) {
        self.path = path
        self.options = options
    }

    func read<T: Sendable>(_ body: @Sendable (Reader) throws -> T) throws -> T {
        try state.withLock { state in
            guard !state.isClosed else { throw Database.closedError }
            let connection = try state.connection ?? Connection(path: path, mode: .read, options: options)
            state.connection = connection
            return try Reader.snapshot(of: connection, body)
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.connection = nil
        }
    }
}
