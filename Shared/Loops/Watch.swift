import CSystem

/// A level-triggered watch over somebody else's descriptor (libcurl's, for one): the callback is called on the loop as long
/// as the descriptor is ready. The descriptor is never closed here.
public final class Watch: Registration, @unchecked Sendable {  // Confined to its loop's thread, as its superclass.
    /// What to wait for, or what there is.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let read = Interest(rawValue: EPOLLIN.rawValue)
        public static let write = Interest(rawValue: EPOLLOUT.rawValue)
        /// Reported whether asked for or not: an error or a hang-up.
        public static let failure = Interest(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
    }

    private let callback: @Sendable (Interest) -> Void

    init(_ descriptor: Int32, on loop: EventLoop, _ callback: @escaping @Sendable (Interest) -> Void) {
        self.callback = callback
        super.init(descriptor, on: loop)
    }

    /// - Throws: `SystemError` when the descriptor is no longer open.
    public func update(_ interest: Interest) throws(SystemError) {
        try loop.registrations.modify(self, events: interest.rawValue)
    }

    /// No call after this. May be called from the callback, and twice.
    public func cancel() { loop.registrations.remove(self) }

    override func handle(_ events: UInt32) {
        var ready: Interest = []
        if events & Interest.read.rawValue != 0 { ready.insert(.read) }
        if events & Interest.write.rawValue != 0 { ready.insert(.write) }
        if events & Interest.failure.rawValue != 0 { ready.insert(.failure) }
        callback(ready)
    }
}

extension EventLoop {
    /// Calls `callback` on this loop whenever `descriptor` is ready for what `interest` says. Called on the loop.
    /// - Throws: `SystemError` when epoll does not take the descriptor.
    public func watch(
        _ descriptor: Int32, _ interest: Watch.Interest, _ callback: @escaping @Sendable (Watch.Interest) -> Void
    ) throws(SystemError) -> Watch {
        preconditionCurrent()
        let watch = Watch(descriptor, on: self, callback)
        try registrations.add(watch, events: interest.rawValue)
        return watch
    }
}
