import Synchronization

extension EventLoop {
    /// Starts a task on this loop: it and its child tasks run here, and come back here after waiting for anything.
    @discardableResult
    public func task<Value: Sendable>(
        _ operation: sending @escaping () async throws -> Value
    ) -> Task<Value, any Error> {
        Task(executorPreference: self, operation: operation)
    }

    /// Starts a task that does not throw on this loop.
    @discardableResult
    public func task<Value: Sendable>(_ operation: sending @escaping () async -> Value) -> Task<Value, Never> {
        Task(executorPreference: self, operation: operation)
    }

    /// Sleeps for at least `duration`, in steps of 10 ms, by the current loop's timer wheel; off a loop, by the runtime's clock.
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    public static func sleep(for duration: Duration) async throws {
        guard let loop = EventLoop.current else { return try await Task.sleep(for: duration) }
        try Task.checkCancellation()
        let sleeper = Sleeper(loop: loop)
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { sleeper.start($0, for: duration) }
        } onCancel: {
            loop.onLoop { sleeper.cancel() }
        }
    }

    /// Milliseconds since the loop began, in steps of 10, as of its last look at the clock: costs nothing. Called on the loop.
    public var milliseconds: UInt64 { wheel.currentTick * TimerWheel.tickMilliseconds }

    /// Lets the loop's other tasks and its descriptors have a turn.
    public static func yield() async { await Task.yield() }

    /// Runs `block` now when this is the loop's thread, and soon on the loop otherwise.
    func onLoop(_ block: @escaping @Sendable () -> Void) {
        if isCurrent { block() } else { execute(block) }
    }
}

/// One `sleep`: whichever of the timer and the cancellation comes first resumes it. Confined to its loop.
private final class Sleeper: @unchecked Sendable {  // Confined to its loop's thread.
    private let loop: EventLoop
    // Unsafe continuations, here and in Channel: a checked one allocates, and each is resumed in one place that clears it first.
    private var continuation: UnsafeContinuation<Void, any Error>?
    private var timer: Timer?

    init(loop: EventLoop) { self.loop = loop }

    func start(_ continuation: UnsafeContinuation<Void, any Error>, for duration: Duration) {
        if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        timer = loop.schedule(after: duration) { self.finish(nil) }
    }

    func cancel() { finish(CancellationError()) }

    private func finish(_ error: (any Error)?) {
        guard let continuation else { return }
        self.continuation = nil
        timer?.cancel()
        timer = nil
        if let error { continuation.resume(throwing: error) } else { continuation.resume() }
    }
}
