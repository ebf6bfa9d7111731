import Foundation
import HTTP
import Loops
import Models
import Synchronization

/// A mixed load on a suite of ten processes, of which one is killed every now and then: no request hangs, no answer is wrong,
/// what was acknowledged is there, and only requests to the killed service fail, by an honest 502 or 503.
struct Chaos: Sendable {
    let target: Target
    let report: Report
    let group: EventLoopGroup
    private let supervisor: Int
    private let minutes: Double
    private let every: Double
    private let run: String

    init(_ target: Target, _ arguments: Arguments, _ report: Report, _ group: EventLoopGroup) throws {
        self.target = target
        self.report = report
        self.group = group
        guard let pid = try arguments.pids("supervisor").first else { throw Arguments.Problem(message: "--supervisor: a pid") }
        supervisor = pid
        minutes = arguments.number("minutes", 10)
        every = arguments.number("every", 20)
        run = try arguments.text("run")
    }

    func run() async throws {
        let end = ContinuousClock.now + .seconds(minutes * 60)
        let client = ChaosClient(target)
        let work = ChaosWork(client: client, run: run, end: end)
        let killer = Killer(supervisor: supervisor, client: client, report: report)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (number, job) in work.jobs.enumerated() {
                tasks.addTask(executorPreference: group.loops[number % 2]) { try await job() }
            }
            tasks.addTask(executorPreference: group.loops[0]) { try await killer.run(every: every, until: end) }
            try await tasks.waitForAll()
        }
        let lost = try await work.missing()
        tell(client, killer, work, lost)
    }

    private func tell(_ client: ChaosClient, _ killer: Killer, _ work: ChaosWork, _ lost: [String]) {
        let tally = client.tally
        report.say("\(tally.answers) answers in \(minutes) minutes: \(client.latencies.text)")
        for (name, count) in tally.byService.sorted(by: { $0.key < $1.key }) {
            report.say("  \(name): \(count.good) good, \(count.refused) refused while it was away")
        }
        // None at the start, and none in the last stretch, in which everything is to be well again.
        report.check(killer.kills.count >= Int(minutes * 60 / every) - 2, "\(killer.kills.count) services were killed")
        let slowest = killer.kills.map(\.away).max() ?? 0
        report.check(slowest < Killer.awaySecondsMax, String(format: "each was back, the slowest after %.2f s", slowest))
        report.check(tally.hangs.isEmpty, "no request hung \(tally.hangs.prefix(5))")
        report.check(tally.wrong.isEmpty, "no answer was wrong (\(tally.wrong.count)) \(tally.wrong.prefix(10))")
        report.check(lost.isEmpty, "all of \(work.acknowledged) acknowledged writes are there \(lost.prefix(5))")
        report.check(
            work.lines > 0, "\(work.lines) lines of a log were followed, each once and in order, over \(work.streams) streams")
    }
}

/// Kills one service after the other.
final class Killer: Sendable {
    struct Kill: Sendable {
        let service: ServiceName
        /// Seconds until it answered again.
        let away: Double
    }

    /// A killed service is back by then: it is started again at once, and opens its database.
    static let awaySecondsMax = 10.0

    private let supervisor: Int
    private let client: ChaosClient
    private let report: Report
    private let done = Mutex<[Kill]>([])

    init(supervisor: Int, client: ChaosClient, report: Report) {
        self.supervisor = supervisor
        self.client = client
        self.report = report
    }

    var kills: [Kill] { done.withLock { $0 } }

    func run(every seconds: Double, until end: ContinuousClock.Instant) async throws {
        var turn = 0
        var next = ContinuousClock.now
        while true {
            next += .seconds(seconds)
            // The time between two kills.
            try await EventLoop.sleep(for: max(.zero, next - .now))
            guard ContinuousClock.now + .seconds(Killer.awaySecondsMax) < end else { return }
            let service = ServiceName.allCases[turn % ServiceName.allCases.count]
            turn += 1
            guard let pid = pid(of: service) else { throw Arguments.Problem(message: "no process of \(service.rawValue)-api") }
            let start = ContinuousClock.now
            client.beginAbsence(of: service)
            Glibc.kill(pid_t(pid), SIGKILL)
            try await untilReady(service, after: pid)
            client.endAbsence(of: service)
            let away = start.duration(to: .now) / .seconds(1)
            done.withLock { $0.append(Kill(service: service, away: away)) }
            report.say(String(format: "killed %@ (pid %d): back after %.2f s", service.rawValue, pid, away))
        }
    }

    /// Asks until the service has another process and is ready by the gateway's word.
    private func untilReady(_ service: ServiceName, after killed: Int) async throws {
        let limit = ContinuousClock.now + .seconds(Killer.awaySecondsMax)
        while ContinuousClock.now < limit {
            if let pid = pid(of: service), pid != killed, await client.readiness(of: service) == "ready" { return }
            // Between two looks.
            try await EventLoop.sleep(for: .milliseconds(10))
        }
    }

    /// The child of the supervisor that is this service's program.
    private func pid(of service: ServiceName) -> Int? {
        // try?: a process may end while it is looked at.
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int($0) }.first { pid in
            // try?: as above
            guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let command = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
            else { return false }
            let parent = status.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            return parent == supervisor && command.prefix { $0 != "\0" }.hasSuffix("/\(service.rawValue)-api")
        }
    }
}
