import Models

/// Starts runners, and finds them again after a restart. `process` is one way; a cluster's jobs are another.
protocol Launcher: Sendable {
    /// Starts the runner of an attempt. Called on an event loop.
    /// - Throws: why it cannot be started; nothing of it is left then.
    func launch(_ claim: RunTransitions.Claim) async throws -> any LaunchedRunner

    /// Finds what an earlier process of this service has started.
    /// - Parameter identity: as `LaunchedRunner.identity` gave it; nil when that was never recorded.
    /// - Returns: something whose end can be waited for, also when it has ended already.
    func adopt(_ attempt: Attempt, identity: String?) async -> any LaunchedRunner

    /// Removes what an attempt has left on the machine, once it is gone.
    func clean(_ attempt: Attempt) async
}

/// A runner that was started.
protocol LaunchedRunner: Sendable {
    /// What it is recognised by after a restart.
    var identity: String { get }
    /// How it ended. Returns at once when it has.
    func exit() async -> RunnerExit
    /// Ends it with all that came of it; returns when nothing is left.
    /// - Returns: false when something could not be ended.
    func end() async -> Bool
}
