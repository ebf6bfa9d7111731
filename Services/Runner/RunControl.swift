import Loops

/// What stops a run before it ends by itself. Confined to its loop.
final class RunControl: @unchecked Sendable {  // Confined to its loop's thread.
    enum Stop: Sendable, Equatable {
        /// Somebody has cancelled the run.
        case cancelled
        case timedOut(seconds: Double)
        /// Another attempt has taken over, or the run is no more.
        case superseded
        /// This process was told to end.
        case terminated

        /// Nothing is reported any more.
        var isSilent: Bool { self == .superseded || self == .terminated }
    }

    /// The first one; a silent one takes the place of one that is not.
    private(set) var stop: Stop?
    private(set) var isPaused = false
    private var current: (stops: (Stop) -> Bool, cancel: @Sendable () -> Void)?
    private let unpaused: Signal
    /// How long it was paused, up to `pausedSince` where it is so now, since somebody last asked.
    private var paused = Duration.zero
    private var pausedSince = ContinuousClock.now

    init(on loop: EventLoop) { unpaused = Signal(on: loop) }

    func stop(_ reason: Stop) {
        if let stop, stop.isSilent || !reason.isSilent { return }
        stop = reason
        if let current, current.stops(reason) { current.cancel() }
    }

    /// Has `cancel` called when the run is stopped, at once when it has been.
    /// - Parameter reporting: only by a silent stop; what came of the run is reported whatever ended it.
    func onStop(whileReporting reporting: Bool, _ cancel: @escaping @Sendable () -> Void) {
        let stops = { (reason: Stop) in !reporting || reason.isSilent }
        current = (stops, cancel)
        if let stop, stops(stop) { cancel() }
    }

    func pause(_ pause: Bool) {
        let now = ContinuousClock.now
        if isPaused { paused += pausedSince.duration(to: now) }
        pausedSince = now
        isPaused = pause
        if !pause { unpaused.raise() }
    }

    /// How long the run was paused since this was last asked.
    func takePaused() -> Duration {
        pause(isPaused)
        defer { paused = .zero }
        return paused
    }

    /// Returns when the run is not paused.
    /// - Throws: `CancellationError`.
    func waitWhilePaused() async throws {
        while isPaused {
            try Task.checkCancellation()
            await unpaused.wait()
        }
        try Task.checkCancellation()
    }
}
