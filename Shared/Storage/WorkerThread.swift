import Models

#if canImport(Glibc)
    import Glibc
#endif

/// A thread of its own for work that blocks: never the shared pool, never a loop.
enum WorkerThread {
    /// Starts a thread that runs `body` and ends, with every signal left to the other threads.
    /// - Throws: `ServiceError` 503 when the system has no thread left.
    static func start(_ body: @escaping @Sendable () -> Void) throws {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(ThreadBody(run: body))
        let code = pthread_create(
            &thread, nil,
            { raw in
                let body = Unmanaged<ThreadBody>.fromOpaque(raw!).takeRetainedValue()
                var every = sigset_t()
                sigfillset(&every)
                pthread_sigmask(SIG_BLOCK, &every, nil)
                body.run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw ServiceError(
                .unavailable, "the server is overloaded: try again", cause: "pthread_create: errno \(code)", retryAfterSeconds: 1)
        }
        pthread_detach(thread)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
