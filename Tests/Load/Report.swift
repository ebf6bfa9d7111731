import Foundation
import Synchronization

/// What was measured, line by line, and whether it is as it must be.
final class Report: Sendable {
    private let failures = Mutex<[String]>([])

    var hasFailed: Bool { !failures.withLock { $0.isEmpty } }

    func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// Records whether something is so.
    func check(_ isSo: Bool, _ what: String) {
        say("  \(isSo ? "ok    " : "FAILED") \(what)")
        if !isSo { failures.withLock { $0.append(what) } }
    }

    func finish() {
        let failed = failures.withLock { $0 }
        say(failed.isEmpty ? "everything as it must be" : "\(failed.count) not as they must be:")
        for failure in failed { say("  " + failure) }
    }
}

/// Durations, and what is seldom exceeded.
final class Latencies: Sendable {
    private let samples = Mutex<[Double]>([])

    func add(_ duration: Duration) {
        let milliseconds = Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) / 1e15
        samples.withLock { $0.append(milliseconds) }
    }

    var count: Int { samples.withLock { $0.count } }

    /// Milliseconds that this share of the samples do not exceed.
    func percentile(_ share: Double) -> Double {
        samples.withLock { samples in
            let sorted = samples.sorted()
            guard !sorted.isEmpty else { return .nan }
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
    }

    var text: String {
        String(
            format: "p50 %.2f ms, p99 %.2f ms, longest %.2f ms of %d", percentile(0.5), percentile(0.99), percentile(1), count)
    }
}

/// The memory of the processes under test.
struct Memory: Sendable {
    let pids: [Int]

    /// Bytes that are resident, of all of them.
    var resident: Int {
        pids.reduce(0) { sum, pid in
            // try?: one that has ended has none
            let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return sum + (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
        }
    }
}
