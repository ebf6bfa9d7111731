import Loops

/// Wakes the one task that waits for something to change. Confined to its loop.
final class Signal: @unchecked Sendable {  // Confined to its loop's thread.
    private let loop: EventLoop
    private var waiter: CheckedContinuation<Void, Never>?
    private var isRaised = false

    init(on loop: EventLoop) { self.loop = loop }

    /// Returns at once when it was raised since the last wait. A cancelled task is woken too.
    /// - Parameter limit: how long to wait at most.
    func wait(upTo limit: Duration? = nil) async {
        loop.preconditionCurrent()
        if isRaised || Task.isCancelled {
            isRaised = false
            return
        }
        let timer = limit.map { loop.schedule(after: $0) { self.raise() } }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter = $0 }
        } onCancel: {
            loop.execute { self.raise() }
        }
        timer?.cancel()
        isRaised = false
    }

    func raise() {
        isRaised = true
        waiter?.resume()
        waiter = nil
    }
}
