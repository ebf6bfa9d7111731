import Synchronization

/// How long something took, by upper bounds. Any thread; meant to be counted by one.
final class Histogram: Sendable {
    /// In microseconds. From a quarter of a millisecond, which a small answer takes, to what makes people give up.
    static let boundsMicroseconds = [
        250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000,
    ]
    /// As `le` says them, in seconds.
    static let bounds = boundsMicroseconds.map { "\(Double($0) / 1e6)" } + ["+Inf"]
    private static let boundsNanoseconds = boundsMicroseconds.map { UInt64($0) * 1000 }

    // unsafe: fixed memory of atomics, freed with the object
    private nonisolated(unsafe) let counts: UnsafeMutablePointer<Atomic<Int>>
    private let nanoseconds = Atomic<Int>(0)

    init() {
        counts = .allocate(capacity: Histogram.bounds.count)
        for index in Histogram.bounds.indices { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: Histogram.bounds.count)
        counts.deallocate()
    }

    func add(nanoseconds taken: UInt64) {
        var bucket = 0
        while bucket < Histogram.boundsNanoseconds.count, taken > Histogram.boundsNanoseconds[bucket] { bucket += 1 }
        counts[bucket].wrappingAdd(1, ordering: .relaxed)
        nanoseconds.wrappingAdd(Int(taken), ordering: .relaxed)
    }

    /// What has been counted.
    var reading: Reading {
        Reading(
            counts: Histogram.bounds.indices.map { counts[$0].load(ordering: .relaxed) },
            nanoseconds: nanoseconds.load(ordering: .relaxed))
    }

    /// Counts by bucket, each without those below it, and the sum.
    struct Reading {
        var counts = [Int](repeating: 0, count: Histogram.bounds.count)
        var nanoseconds = 0

        var total: Int { counts.reduce(0, +) }

        static func + (left: Reading, right: Reading) -> Reading {
            Reading(counts: zip(left.counts, right.counts).map(+), nanoseconds: left.nanoseconds + right.nanoseconds)
        }
    }
}
