import Foundation
import HTTP
import Loops
import Synchronization

/// Thousands of connections that do nothing, thousands of subscribers to a quiet stream, thousands of slow attackers: what each
/// costs, and what a normal client notices of them.
struct Capacity: Sendable {
    #if DEBUG
        /// A debug build's frames and boxes are larger than what is measured for: a half more.
        private static let bytesMax = 30 * 1024
    #else
        private static let bytesMax = 20 * 1024
    #endif

    /// A normal client's p99 may grow so much.
    static let slowdownMax = 3.0
    /// Below this many milliseconds a ratio says more of the machine than of the suite: its timers go by tens.
    static let floorMilliseconds = 10.0
    /// The most that an idle subscriber may cost, in bytes of the server's memory.
    static let subscriberBytesMax = bytesMax
    /// The most that an idle connection may cost.
    static let idleBytesMax = bytesMax
    /// Connections opened at once.
    private static let openingAtOnce = 64

    let target: Target
    let report: Report
    let group: EventLoopGroup
    private let idle: Int
    private let subscribers: Int
    private let slow: Int
    private let seconds: Double
    private let run: String
    private let memory: Memory
    private let normal: NormalClient

    init(_ target: Target, _ arguments: Arguments, _ report: Report, _ group: EventLoopGroup) throws {
        self.target = target
        self.report = report
        self.group = group
        idle = arguments.count("idle", 10_000)
        subscribers = arguments.count("subscribers", 5000)
        slow = arguments.count("slow", 2000)
        seconds = arguments.number("seconds", 10)
        run = try arguments.text("run")
        memory = Memory(pids: try arguments.pids("pids"))
        normal = NormalClient(target: target, group: group)
    }

    func run() async throws {
        // Warm: pools, caches, the allocator.
        _ = try await normal.run(for: 1)
        let unloaded = try await normal.run(for: seconds)
        report.say("a normal client alone: \(unloaded.text)")
        let connections = try await openIdle()
        let streams = try await subscribe()
        let loaded = try await normal.run(for: seconds)
        compare(loaded, unloaded, "beside \(idle) idle connections and \(subscribers) subscribers")
        let open = connections.count { $0.channel.isOpen && !$0.channel.isPeerShutDown }
        report.check(open == idle, "\(open) of \(idle) idle connections are still open")
        for connection in connections + streams { connection.close() }
        try await attack(unloaded)
    }

    private func compare(_ loaded: Latencies, _ unloaded: Latencies, _ when: String) {
        let ratio = loaded.percentile(0.99) / unloaded.percentile(0.99)
        let most = max(Capacity.slowdownMax * unloaded.percentile(0.99), Capacity.floorMilliseconds)
        report.say("a normal client \(when): \(loaded.text)")
        report.check(
            loaded.percentile(0.99) <= most,
            String(
                format: "p99 is %.2f × that of the client alone (at most %.0f ×, or %.0f ms)", ratio, Capacity.slowdownMax,
                Capacity.floorMilliseconds))
    }

    /// Opens connections that are each used once, and then no more.
    private func openIdle() async throws -> [RawConnection] {
        let before = memory.resident
        let connections = try await openMany(idle) { connection in
            try await connection.send("GET /healthz HTTP/1.1\r\nHost: nexus\r\n\r\n")
            let status = try await connection.status()
            guard status == 200 else { throw RawConnection.Failure.refused("an idle connection got \(status)") }
        }
        tell(memory.resident - before, of: idle, "idle connection", most: Capacity.idleBytesMax)
        return connections
    }

    private func subscribe() async throws -> [RawConnection] {
        let before = memory.resident
        let head = target.head("GET", "/runs-api/\(run)/logs", "Accept: text/event-stream\r\n")
        let streams = try await openMany(subscribers) { connection in
            try await connection.send(head)
            let status = try await connection.status()
            guard status == 200 else { throw RawConnection.Failure.refused("a subscriber got \(status)") }
        }
        tell(memory.resident - before, of: subscribers, "idle subscriber", most: Capacity.subscriberBytesMax)
        return streams
    }

    private func tell(_ bytes: Int, of count: Int, _ what: String, most: Int) {
        guard count > 0 else { return }
        report.check(
            bytes / count < most, "\(bytes / count) bytes of the server's memory per \(what) (\(count) of them; under \(most))")
    }

    private func openMany(
        _ count: Int, _ begin: @escaping @Sendable (RawConnection) async throws -> Void
    ) async throws -> [RawConnection] {
        let target = target
        let opened = try await withThrowingTaskGroup(of: [RawConnection].self) { tasks in
            for worker in 0..<Capacity.openingAtOnce {
                // On the loop where they are used and closed.
                tasks.addTask(executorPreference: group.loops[0]) {
                    var mine: [RawConnection] = []
                    for _ in stride(from: worker, to: count, by: Capacity.openingAtOnce) {
                        let connection = try await RawConnection(to: target.address)
                        try await begin(connection)
                        mine.append(connection)
                    }
                    return mine
                }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
        return opened
    }

    /// Half the attackers drip a head, half a body.
    private func attack(_ unloaded: Latencies) async throws {
        guard slow > 0 else { return }
        let attack = Slowloris(target: target, group: group, count: slow)
        let dripping = group.loops[1].task { await attack.run() }
        while attack.begun < slow { try await EventLoop.sleep(for: .milliseconds(50)) }
        let loaded = try await normal.run(for: seconds)
        compare(loaded, unloaded, "beside \(slow) slow attackers")
        let outcome = await dripping.value
        report.check(
            outcome.cut == slow,
            "\(outcome.cut) of \(slow) slow attackers were cut off, the last after \(outcome.longest.components.seconds) s")
    }
}

/// Clients that send a byte now and then, for as long as they are let.
final class Slowloris: Sendable {
    /// How often a byte is sent.
    private static let pause = Duration.seconds(1)
    /// Past this they were not cut off.
    private static let secondsMax = 120.0

    private let target: Target
    private let group: EventLoopGroup
    private let count: Int
    private let started = Atomic<Int>(0)

    init(target: Target, group: EventLoopGroup, count: Int) {
        self.target = target
        self.group = group
        self.count = count
    }

    var begun: Int { started.load(ordering: .relaxed) }

    func run() async -> (cut: Int, longest: Duration) {
        await withTaskGroup(of: Duration?.self) { tasks in
            for number in 0..<count {
                tasks.addTask(executorPreference: group.loops[number % 2]) { [self] in await drip(isHead: number % 2 == 0) }
            }
            return await tasks.reduce(into: (cut: 0, longest: .zero)) { total, taken in
                guard let taken else { return }
                total.cut += 1
                total.longest = max(total.longest, taken)
            }
        }
    }

    /// How long it took to be cut off; nil when it was not.
    private func drip(isHead: Bool) async -> Duration? {
        let start = ContinuousClock.now
        do {
            // Not all in one instant: the queue of the listener is not what is attacked.
            try await EventLoop.sleep(for: .milliseconds(Int.random(in: 0...2000)))
            let connection = try await RawConnection(to: target.address)
            defer { connection.close() }
            started.add(1, ordering: .relaxed)
            try await connection.send(
                isHead
                    ? "GET / HTTP/1.1\r\nX-Slow: "
                    : "POST /auth/login HTTP/1.1\r\nHost: nexus\r\nContent-Length: 100000\r\n\r\n")
            let begun = ContinuousClock.now
            while start.duration(to: .now) < .seconds(Slowloris.secondsMax) {
                // Slowness is what the attack is made of.
                try await EventLoop.sleep(for: Slowloris.pause)
                if connection.channel.isPeerShutDown || connection.channel.isHungUp { return begun.duration(to: .now) }
                try await connection.send("x")
            }
            return nil
        } catch {
            return start.duration(to: .now)
        }
    }
}
