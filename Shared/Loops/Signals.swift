import CSystem
import Glibc

/// SIGTERM and SIGINT as something to wait for on a loop.
///
/// By a handler that writes to a pipe, not by a `signalfd`: that needs every thread to block the signals, and the main thread of
/// a program with an asynchronous main is parked by the runtime in `sigsuspend` with nothing blocked.
public enum Signals {
    /// Keeps the signals from ending the process, and remembers them for `next`. Called first in a main; SIGPIPE is ignored too.
    public static func capture() {
        let signals = [SIGTERM, SIGINT]
        // It fails only when there is no descriptor left, and then nothing that follows works either.
        _ = nexus_capture_signals(signals, signals.count)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Returns the first of SIGTERM and SIGINT that has come since `capture`, or comes.
    /// - Throws: `SystemError`; `CancellationError`.
    public static func next(on loop: EventLoop) async throws -> Int32 {
        let waiting: Task<Int32, any Error> = loop.task {
            let descriptor = nexus_captured_signals()
            guard descriptor >= 0 else { throw SystemError("fcntl") }
            let channel = try Channel(adopting: descriptor, on: loop)
            defer { channel.close() }
            return Int32(try await channel.readSome(upTo: 1).first ?? 0)
        }
        return try await withTaskCancellationHandler {
            try await waiting.value
        } onCancel: {
            waiting.cancel()
        }
    }
}
