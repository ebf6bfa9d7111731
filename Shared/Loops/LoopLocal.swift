/// Something that every loop has one of, made when the loop first asks: state that is confined to its loop and so needs no lock.
public final class LoopLocal<Value: AnyObject & Sendable>: Sendable {
    /// More than any machine has cores.
    public static var loopsMax: Int { 256 }

    // unsafe: each slot is written on the thread of one loop only, that of its index, and read there
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Value?>
    private let make: @Sendable (EventLoop) -> Value

    /// - Parameter make: makes a loop's own value; called on the loop.
    public init(_ make: @escaping @Sendable (EventLoop) -> Value) {
        self.make = make
        slots = .allocate(capacity: LoopLocal.loopsMax)
        slots.initialize(repeating: nil, count: LoopLocal.loopsMax)
    }

    deinit {
        slots.deinitialize(count: LoopLocal.loopsMax)
        slots.deallocate()
    }

    /// The current loop's; nil off the loops.
    public var current: Value? {
        guard let loop = EventLoop.current, loop.index < LoopLocal.loopsMax else { return nil }
        if let value = slots[loop.index] { return value }
        let value = make(loop)
        slots[loop.index] = value
        return value
    }
}
