/// Something that every loop of a group has one of, made when the loop first asks: state that is confined to its loop and so
/// needs no lock.
public final class LoopLocal<Value: AnyObject & Sendable>: Sendable {
    // unsafe: each slot is written on the thread of one loop only, that of its index, and read there
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Value?>
    private let count: Int
    private let make: @Sendable (EventLoop) -> Value

    /// - Parameters:
    ///   - group: the loops; those of another group have none.
    ///   - make: makes a loop's own value; called on the loop.
    public init(_ group: EventLoopGroup, _ make: @escaping @Sendable (EventLoop) -> Value) {
        self.make = make
        count = group.loops.count
        slots = .allocate(capacity: count)
        slots.initialize(repeating: nil, count: count)
    }

    deinit {
        slots.deinitialize(count: count)
        slots.deallocate()
    }

    /// The current loop's; nil off the loops.
    public var current: Value? {
        guard let loop = EventLoop.current, loop.index < count else { return nil }
        if let value = slots[loop.index] { return value }
        let value = make(loop)
        slots[loop.index] = value
        return value
    }
}
