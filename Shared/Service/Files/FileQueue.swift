import Dispatch

/// File work that may block, off the loops.
public struct FileQueue: Sendable {
    private let queue = DispatchQueue(label: "nexus.files", attributes: .concurrent)

    public init() {}

    /// Runs `body` on a thread that may block.
    public func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
