/// Something that a loop does later. Confined to its loop.
///
/// Moving the deadline further away is one store: the wheel looks at the deadline only when the slot comes round in which
/// the timer lies, and moves it on then. So one timer serves a connection for all its requests.
public final class Timer: @unchecked Sendable {  // Confined to its loop's thread, which every method requires.
    static let never = UInt64.max

    private let loop: EventLoop
    private var action: (@Sendable () -> Void)?
    /// The tick at which to fire, or `never`.
    private(set) var deadline = Timer.never
    /// The tick of the wheel's entry that counts; entries of other ticks are left-overs.
    var linkedTick = Timer.never

    init(loop: EventLoop, action: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.action = action
    }

    /// Fires `timeout` from now, and not when it would have fired before. May be called after it has fired.
    public func reset(_ timeout: Timeout) {
        guard timeout != .never else { return pause() }
        deadline = loop.wheel.currentTick &+ timeout.ticks &+ 1
        if deadline < linkedTick { loop.wheel.link(self, at: deadline) }
    }

    /// Does not fire until it is reset.
    public func pause() { deadline = Timer.never }

    /// Never fires again, and lets go of what its action holds.
    public func cancel() {
        deadline = Timer.never
        action = nil
    }

    func fire() {
        deadline = Timer.never
        action?()
    }
}
