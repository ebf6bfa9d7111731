import Loops

/// A task that waits for a connection's output to be taken.
struct DrainWaiter {
    let number: UInt64
    let continuation: UnsafeContinuation<Void, any Error>
}

extension Connection {
    /// Adds to what is to be sent; sends nothing yet.
    @inline(__always) func append(_ add: (inout [UInt8]) -> Void) {
        if output.gathered.capacity == 0 { output.borrow(part.lendOutput()) }
        output.append(add)
    }

    /// Gives the gathering buffer back to the loop between two pieces of a stream that may be quiet for long.
    func giveBackOutput() {
        if phase == .endless, output.isEmpty { part.takeBack(output.release()) }
    }

    /// Sends what fits, and the rest when there is room.
    func flush() { _ = flushed(more: false) }

    /// Sends on the loop's next turn what has not been sent by then.
    func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.execute { [self] in
            isFlushScheduled = false
            flush()
        }
    }

    /// Returns when the kernel has taken everything. Does not end because its task is cancelled: the answer that was begun is
    /// owed.
    /// - Throws: why the connection has failed.
    func drained(more: Bool = false) async throws {
        if flushed(more: more) { return }
        if let failure { throw failure }
        try await withUnsafeThrowingContinuation { wait($0) }
    }

    /// As `drained`, for a handler's own task: when that is cancelled, it need not wait.
    func drainedUnlessCancelled() async throws {
        if flushed(more: false) { return }
        if let failure { throw failure }
        drainWaitNumber &+= 1
        let number = drainWaitNumber
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (waiter: UnsafeContinuation<Void, any Error>) in
                if Task.isCancelled { return waiter.resume(throwing: CancellationError()) }
                wait(waiter, number)
            }
        } onCancel: {
            if loop.isCurrent { cancelDrainWait(number) } else { loop.execute { self.cancelDrainWait(number) } }
        }
    }

    func resumeDrainWaiters(throwing error: (any Error)?) {
        guard !drainWaiters.isEmpty else { return }
        let waiters = drainWaiters
        drainWaiters = []
        for waiter in waiters {
            if let error { waiter.continuation.resume(throwing: error) } else { waiter.continuation.resume() }
        }
    }

    /// True when nothing is left to be sent.
    private func flushed(more: Bool) -> Bool {
        if failure != nil { return false }
        if output.isEmpty { return true }
        let before = output.count
        do {
            if try output.write(to: channel, more: more) {
                stopWaitingForRoom()
                resumeDrainWaiters(throwing: nil)
                return true
            }
        } catch {
            fail(error)
            return false
        }
        waitForRoom(taken: before - output.count)
        channel.notifyWhenWritable()
        return false
    }

    private func wait(_ continuation: UnsafeContinuation<Void, any Error>, _ number: UInt64 = 0) {
        drainWaiters.append(DrainWaiter(number: number, continuation: continuation))
    }

    private func cancelDrainWait(_ number: UInt64) {
        guard let index = drainWaiters.firstIndex(where: { $0.number == number }) else { return }
        drainWaiters.remove(at: index).continuation.resume(throwing: CancellationError())
    }
}
