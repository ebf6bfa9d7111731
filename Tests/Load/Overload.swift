import Foundation
import HTTP
import Loops
import Synchronization

/// Far more writes at once than can be done: they are refused with 503 and `Retry-After`, and the server's memory does not grow
/// with them.
struct Overload: Sendable {
    /// What the server may hold more than before: requests under way and their bodies.
    static let growthBytesMax = 768 << 20
    /// Of each write; more than comes with a head, so that it is gathered.
    private static let bodyBytes = 200_000

    let target: Target
    let report: Report
    let group: EventLoopGroup
    private let clients: Int
    private let seconds: Double
    private let memory: Memory
    private let answers = AnswerCount()

    init(_ target: Target, _ arguments: Arguments, _ report: Report, _ group: EventLoopGroup) throws {
        self.target = target
        self.report = report
        self.group = group
        clients = arguments.count("clients", 4000)
        seconds = arguments.number("seconds", 20)
        memory = Memory(pids: try arguments.pids("pids"))
    }

    func run() async throws {
        let normal = NormalClient(target: target, group: group)
        _ = try await normal.run(for: 1)
        let before = memory.resident
        let peak = PeakMemory()
        let end = ContinuousClock.now + .seconds(seconds)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<clients {
                tasks.addTask(executorPreference: group.loops[number % 2]) { try await write(until: end) }
            }
            tasks.addTask {
                while ContinuousClock.now < end {
                    peak.note(memory.resident)
                    // Between two looks.
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            try await tasks.waitForAll()
        }
        let counted = answers.byStatus
        report.say(
            "\(clients) clients, writes of \(Overload.bodyBytes) bytes: answers by status \(counted.sorted { $0.key < $1.key })")
        report.check(counted[201, default: 0] > 0, "some writes were done")
        let odd = counted.filter { ![201, 503].contains($0.key) }
        report.check(odd.isEmpty, "every answer was 201, or 503 with Retry-After (else: \(odd))")
        let growth = max(before, peak.bytes) - before
        report.check(
            growth < Overload.growthBytesMax,
            "memory grew by \(growth >> 20) MiB at most (less than \(Overload.growthBytesMax >> 20))")
        let after = try await normal.run(for: 2)
        report.check(after.count > 0, "afterwards a normal client is answered: \(after.text)")
    }

    /// Writes again and again on one connection, and reads each answer.
    private func write(until end: ContinuousClock.Instant) async throws {
        let text = String(repeating: "x", count: Overload.bodyBytes - 40)
        let body = "{\"content\":\"\(text)\"}"
        let head = target.head(
            "POST", "/memory-api", "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n")
        while ContinuousClock.now < end {
            do {
                let connection = try await RawConnection(to: target.address)
                defer { connection.close() }
                try await connection.send(head)
                try await connection.send(body)
                let answer = try await connection.head()
                let isHonest = answer.status != 503 || answer.text.lowercased().contains("\r\nretry-after:")
                answers.add(isHonest ? answer.status : -503)
            } catch {
                // The other end may refuse while the body is still being sent; the answer is lost with the reset then.
                answers.add(503)
            }
        }
    }
}

/// How many answers had which status.
final class AnswerCount: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    var byStatus: [Int: Int] { counts.withLock { $0 } }

    func add(_ status: Int) { counts.withLock { $0[status, default: 0] += 1 } }
}

/// The most memory that was seen.
final class PeakMemory: Sendable {
    private let most = Mutex(0)

    var bytes: Int { most.withLock { $0 } }

    func note(_ bytes: Int) { most.withLock { $0 = max($0, bytes) } }
}
