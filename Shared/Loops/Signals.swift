import CSystem
import Glibc
import Synchronization

/// SIGTERM and SIGINT as something to wait for on a loop, and SIGHUP as a request to reload.
///
/// By a handler that writes to a pipe, not by a `signalfd`: that needs every thread to block the signals, and the main thread of
/// a program with an asynchronous main is parked by the runtime in `sigsuspend` with nothing blocked.
public enum Signals {
    private static let reloads = Mutex<[@Sendable () -> Void]>([])

    /// Keeps the signals from ending the process, and remembers them for `next`. Called first in a main; SIGPIPE is ignored too.
    public static func capture() {
        let signals = [SIGTERM, SIGINT, SIGHUP]
        // It fails only when there is no descriptor left, and then nothing that follows works either.
        _ = nexus_capture_signals(signals, signals.count)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Has `reload` called at every SIGHUP while somebody waits in `next`, on that loop, after those registered before: for log
    /// files that were moved away, certificates that were renewed. It must not block.
    public static func onHangup(_ reload: @escaping @Sendable () -> Void) { reloads.withLock { $0.append(reload) } }

    /// Returns the first of SIGTERM and SIGINT that has come since `capture`, or comes. Meanwhile every SIGHUP reloads.
    /// - Throws: `SystemError`; `CancellationError`.
    public static func next(on loop: EventLoop) async throws -> Int32 {
        let waiting: Task<Int32, any Error> = loop.task {
            let descriptor = nexus_captured_signals()
            guard descriptor >= 0 else { throw SystemError("fcntl") }
            let channel = try Channel(adopting: descriptor, on: loop)
            defer { channel.close() }
            while true {
                let number = Int32(try await channel.readSome(upTo: 1).first ?? 0)
                guard number == SIGHUP else { return number }
                for reload in reloads.withLock({ $0 }) { reload() }
            }
        }
        return try await withTaskCancellationHandler {
            try await waiting.value
        } onCancel: {
            waiting.cancel()
        }
    }
}
