/// One thing for a loop to do.
enum Work {
    case job(UnownedJob)
    case block(@Sendable () -> Void)
}

/// A first-in, first-out queue in a ring that only grows: no allocation once it is as long as it ever gets.
struct JobQueue {
    private var ring: ContiguousArray<Work?>
    private var head = 0
    private(set) var count = 0

    /// - Parameter capacity: room at the start; a power of two.
    init(capacity: Int = 256) {
        ring = ContiguousArray(repeating: nil, count: capacity)
    }

    var isEmpty: Bool { count == 0 }

    mutating func push(_ work: Work) {
        if count == ring.count { grow() }
        ring[(head + count) & (ring.count - 1)] = work
        count += 1
    }

    mutating func pop() -> Work? {
        guard count > 0 else { return nil }
        let work = ring[head]
        ring[head] = nil
        head = (head + 1) & (ring.count - 1)
        count -= 1
        return work
    }

    private mutating func grow() {
        var larger = ContiguousArray<Work?>()
        larger.reserveCapacity(ring.count * 2)
        for offset in 0..<count { larger.append(ring[(head + offset) & (ring.count - 1)]) }
        larger.append(contentsOf: repeatElement(nil, count: ring.count * 2 - count))
        ring = larger
        head = 0
    }
}
