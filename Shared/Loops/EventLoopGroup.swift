import Synchronization

/// The loops of a process: one for each core, as a rule.
public final class EventLoopGroup: Sendable {
    public let loops: [EventLoop]
    private let turn = Atomic<Int>(0)

    /// Starts `count` loops, each with its thread.
    /// - Throws: `SystemError` when the process has no descriptors or threads left.
    public init(count: Int) throws(SystemError) {
        precondition(count > 0, "a group needs a loop")
        var loops: [EventLoop] = []
        for index in 0..<count { loops.append(try EventLoop(index: index)) }
        self.loops = loops
    }

    /// The loops in turn. From any thread.
    public func next() -> EventLoop {
        loops[Int(UInt(bitPattern: turn.wrappingAdd(1, ordering: .relaxed).oldValue) % UInt(loops.count))]
    }

    /// Ends the loops' threads when their queues are empty, and waits for them. Called off the loops, once, when every task on
    /// them has ended: a task that still waits for something never goes on.
    public func shutdown() {
        for loop in loops { loop.stop() }
    }
}
