import Glibc

/// Work that takes milliseconds and must not wait: done on a thread of its own, neither on a loop nor in the runtime's pool,
/// which may be busy.
enum OwnThread {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let work = Work { continuation.resume(returning: body()) }
            var thread = pthread_t()
            let failure = pthread_create(
                &thread, nil,
                { argument in
                    // Balanced: retained below, for the thread.
                    guard let argument else { return nil }
                    Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                    return nil
                }, Unmanaged.passRetained(work).toOpaque())
            if failure == 0 {
                pthread_detach(thread)
            } else {
                // No thread to be had: late is better than never.
                Unmanaged.passUnretained(work).release()
                work.body()
            }
        }
    }
}
