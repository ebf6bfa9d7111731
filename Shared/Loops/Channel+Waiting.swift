extension Channel {
    /// Something has come since the last reading that found nothing more.
    public var mayBeReadable: Bool { reading.isReady }

    /// Waits until there is something to read, or an end, or an error; reading tells which.
    /// - Parameter cancellable: false leaves a cancelled task waiting; for an owner that ends the wait by itself.
    /// - Throws: `ChannelError` `.timedOut`, `.closed`; `CancellationError`.
    public func waitReadable(_ timeout: Timeout = .never, cancellable: Bool = true) async throws {
        if reading.isReady || !isOpen { return }
        try await wait(.reading, timeout, cancellable)
    }

    /// Waits until there is room to write, or an error; writing tells which.
    /// - Throws: `ChannelError` `.timedOut`, `.closed`; `CancellationError`.
    public func waitWritable(_ timeout: Timeout = .never, cancellable: Bool = true) async throws {
        if writing.isReady || !isOpen { return }
        try await wait(.writing, timeout, cancellable)
    }

    /// Ends a wait for something to read as if there were something. Nothing when nobody waits.
    public func wakeReader() { resume(.reading, throwing: nil) }

    /// Some bytes: at least one, at most `max`; empty at the end.
    /// - Throws: `SystemError`, `ChannelError`, `CancellationError`.
    public func readSome(upTo max: Int, _ timeout: Timeout = .never) async throws -> [UInt8] {
        while true {
            var isWaiting = false
            // Initialised by the kernel, up to the count that is given back.
            let bytes = try [UInt8](unsafeUninitializedCapacity: max) { buffer, count in
                if let read = try read(into: UnsafeMutableRawBufferPointer(buffer)) {
                    count = read
                } else {
                    isWaiting = true
                }
            }
            if !isWaiting { return bytes }
            try await waitReadable(timeout)
        }
    }

    /// Writes all of `bytes`; returns when the kernel has them.
    /// - Parameter timeout: for each wait, not for the whole.
    /// - Throws: `SystemError`, `ChannelError`, `CancellationError`; some of the bytes may have been written then.
    public func writeAll(_ bytes: [UInt8], _ timeout: Timeout = .never) async throws {
        var offset = 0
        while offset < bytes.count {
            let count = try bytes.withUnsafeBytes { try write(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
            if let count { offset += count } else { try await waitWritable(timeout) }
        }
    }

    func resume(_ side: Direction, throwing error: (any Error)?) {
        guard let waiter = self[side].waiter else { return }
        self[side].waiter = nil
        self[side].timer?.pause()
        if let error { waiter.resume(throwing: error) } else { waiter.resume() }
    }

    private func wait(
        _ side: Direction, _ timeout: Timeout, _ cancellable: Bool
    ) async throws {
        loop.preconditionCurrent()
        self[side].sequence &+= 1
        guard cancellable else {
            return try await withUnsafeThrowingContinuation { suspend(side, $0, timeout) }
        }
        let sequence = self[side].sequence
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (waiter: UnsafeContinuation<Void, any Error>) in
                if Task.isCancelled { return waiter.resume(throwing: CancellationError()) }
                suspend(side, waiter, timeout)
            }
        } onCancel: {
            loop.onLoop {
                if self[side].sequence == sequence { self.resume(side, throwing: CancellationError()) }
            }
        }
    }

    private func suspend(
        _ side: Direction, _ waiter: UnsafeContinuation<Void, any Error>, _ timeout: Timeout
    ) {
        precondition(self[side].waiter == nil, "two tasks wait for the same direction of a channel")
        self[side].waiter = waiter
        guard timeout != .never else { return }
        if self[side].timer == nil {
            self[side].timer = loop.timer { [weak self] in
                self?.resume(side, throwing: ChannelError.timedOut)
            }
        }
        self[side].timer?.reset(timeout)
    }
}
