import HTTP
import Loops
import Synchronization

/// How many answers of one route took how long, by class of status. Each loop counts for itself, without a lock.
public final class RouteMetrics: Sendable {
    static let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"]

    let method: String
    let pattern: String
    private let loops: LoopLocal<Part>
    private let parts: Parts
    /// For what is counted off the loops.
    private let shared = Part()

    /// A loop's histograms, made when a class is first seen: most routes answer with one or two.
    private final class Part: Sendable {
        private let made = Mutex<[Histogram?]>([nil, nil, nil, nil, nil])
        // unsafe: written on the part's loop only, or while `made` is locked; a class reference that is only ever set once
        private nonisolated(unsafe) var quick: [Histogram?] = [nil, nil, nil, nil, nil]

        func add(_ index: Int, _ nanoseconds: UInt64) {
            if let known = quick[index] { return known.add(nanoseconds: nanoseconds) }
            let histogram = made.withLock { made in
                let histogram = made[index] ?? Histogram()
                made[index] = histogram
                return histogram
            }
            quick[index] = histogram
            histogram.add(nanoseconds: nanoseconds)
        }

        /// As `add`, from any thread.
        func addLocked(_ index: Int, _ nanoseconds: UInt64) {
            made.withLock { made in
                let histogram = made[index] ?? Histogram()
                made[index] = histogram
                histogram.add(nanoseconds: nanoseconds)
            }
        }

        func reading(_ index: Int) -> Histogram.Reading? { made.withLock { $0[index] }?.reading }
    }

    private final class Parts: Sendable {
        let all = Mutex<[Part]>([])
    }

    init(method: String, pattern: String, _ group: EventLoopGroup) {
        self.method = method
        self.pattern = pattern
        let parts = Parts()
        self.parts = parts
        loops = LoopLocal(group) { _ in
            let part = Part()
            parts.all.withLock { $0.append(part) }
            return part
        }
    }

    /// Counts an answer.
    public func record(_ status: Status, nanoseconds: UInt64) {
        let index = min(4, max(0, Int(status.code) / 100 - 1))
        if let part = loops.current { part.add(index, nanoseconds) } else { shared.addLocked(index, nanoseconds) }
    }

    /// How many answers there were of a class of status, `2xx`.
    public func count(of statusClass: String) -> Int { readings().first { $0.statusClass == statusClass }?.reading.total ?? 0 }

    /// What has been counted, by class of status; classes that were never seen are left out.
    func readings() -> [(statusClass: String, reading: Histogram.Reading)] {
        let parts = parts.all.withLock { $0 } + [shared]
        return RouteMetrics.classes.enumerated().compactMap { index, name in
            let readings = parts.compactMap { $0.reading(index) }
            return readings.isEmpty ? nil : (name, readings.reduce(Histogram.Reading(), +))
        }
    }
}
