/// The timers of one loop: 1024 slots of 10 ms, each holding what is due in it in this or a later revolution.
///
/// Setting, moving and cancelling cost O(1) and no system call; a cancelled timer's entry is dropped when its slot comes round.
struct TimerWheel {
    static let tickMilliseconds: UInt64 = 10
    private static let tickNanoseconds = tickMilliseconds * 1_000_000
    private static let slotCount = 1024

    private struct Entry {
        let timer: Timer
        let tick: UInt64
    }

    private var slots = [ContiguousArray<Entry>](repeating: [], count: slotCount)
    /// One bit for each slot that is not empty.
    private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
    private let startNanoseconds: UInt64
    private(set) var currentTick: UInt64 = 0

    init(nowNanoseconds: UInt64) { startNanoseconds = nowNanoseconds }

    mutating func link(_ timer: Timer, at tick: UInt64) {
        timer.linkedTick = tick
        let slot = Int(tick % UInt64(Self.slotCount))
        slots[slot].append(Entry(timer: timer, tick: tick))
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
    }

    /// Moves time on without firing anything, so that a deadline set now counts from now.
    func tick(atNanoseconds now: UInt64) -> UInt64 { (now &- startNanoseconds) / Self.tickNanoseconds }

    /// Moves time on to `now`, and gives the timers that are due, in order of their ticks.
    mutating func advance(toNanoseconds now: UInt64) -> [Timer] {
        let target = tick(atNanoseconds: now)
        guard target > currentTick else { return [] }
        var due: [Timer] = []
        let first = max(currentTick + 1, target >= UInt64(Self.slotCount) ? target - UInt64(Self.slotCount) + 1 : 0)
        currentTick = target
        for tick in first...target {
            let slot = Int(tick % UInt64(Self.slotCount))
            if occupied[slot / 64] & (1 << UInt64(slot % 64)) != 0 { visit(slot, at: target, collecting: &due) }
        }
        return due
    }

    /// Milliseconds until a slot comes round that holds something, or nil when all are empty.
    func millisecondsUntilNext(fromNanoseconds now: UInt64) -> Int32? {
        let start = Int((currentTick + 1) % UInt64(Self.slotCount))
        var word = start / 64
        var bits = occupied[word] & (~0 << UInt64(start % 64))
        for _ in 0...occupied.count {
            if bits != 0 {
                let slot = word * 64 + bits.trailingZeroBitCount
                let distance = (slot - start + Self.slotCount) % Self.slotCount + 1
                let dueAt = startNanoseconds + (currentTick + UInt64(distance)) * Self.tickNanoseconds
                return dueAt <= now ? 0 : Int32((dueAt - now + 999_999) / 1_000_000)
            }
            word = (word + 1) % occupied.count
            bits = occupied[word]
        }
        return nil
    }

    private mutating func visit(_ slot: Int, at now: UInt64, collecting due: inout [Timer]) {
        var entries = ContiguousArray<Entry>()
        swap(&entries, &slots[slot])
        occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
        for entry in entries where entry.timer.linkedTick == entry.tick {
            let timer = entry.timer
            if timer.deadline == Timer.never {
                timer.linkedTick = Timer.never
            } else if timer.deadline <= now {
                timer.linkedTick = Timer.never
                due.append(timer)
            } else {
                link(timer, at: entry.tick > now ? entry.tick : timer.deadline)
            }
        }
    }
}
