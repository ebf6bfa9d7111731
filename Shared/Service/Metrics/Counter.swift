import Loops
import Synchronization

/// A number that goes up, or up and down, and that each loop counts for itself: two loops that count on one cache line slow each
/// other down.
public final class Counter: Sendable {
    private final class Cell: Sendable {
        let number = Atomic<Int>(0)
    }

    private let loops: LoopLocal<Cell>
    private let cells: Cells
    /// For what is counted off the loops.
    private let shared = Cell()

    private final class Cells: Sendable {
        let all = Mutex<[Cell]>([])
    }

    public init(_ group: EventLoopGroup) {
        let cells = Cells()
        self.cells = cells
        loops = LoopLocal(group) { _ in
            let cell = Cell()
            cells.all.withLock { $0.append(cell) }
            return cell
        }
    }

    public func add(_ amount: Int = 1) { (loops.current ?? shared).number.wrappingAdd(amount, ordering: .relaxed) }

    public var value: Int {
        cells.all.withLock { $0 }.reduce(shared.number.load(ordering: .relaxed)) { $0 + $1.number.load(ordering: .relaxed) }
    }
}
