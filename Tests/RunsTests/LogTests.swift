import Glibc
import HTTP
import Models
import SuiteTesting
import Synchronization
import Testing

@testable import Runs

/// Takes what is written, and can be slow about it.
final class Sink: BodyWriter {
    private let taken = Mutex<[UInt8]>([])
    private let bell = Bell()
    /// Holds every write back until it is opened.
    private let gate: Bell?

    init(gate: Bell? = nil) { self.gate = gate }

    var text: String { taken.withLock { String(decoding: $0, as: UTF8.self) } }
    var lines: [LogLine] {
        get throws { try text.split(separator: "\n").map { try JSON.decode(LogLine.self, from: Array($0.utf8)) } }
    }

    func write(_ bytes: [UInt8]) async throws {
        if let gate { try await gate.wait(past: 0, within: .seconds(30)) }
        taken.withLock { $0 += bytes }
        bell.ring()
    }

    func waits(for isDone: (String) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let heard = bell.count
            if isDone(text) { return }
            try await bell.wait(past: heard, within: .seconds(1))
        }
        throw RunsBench.TimedOut(what: "a log's lines; there is: \(text.suffix(200))")
    }
}

@Suite struct LogTests {
    private let folder = TestBench.makeFolder()

    private func store(_ change: (inout LogLimits) -> Void = { _ in }) -> LogStore {
        var limits = LogLimits()
        change(&limits)
        return LogStore(folder: folder, limits: limits, clock: .system) { Issue.record("\($0)") }
    }

    private func lines(_ range: ClosedRange<Int64>, _ text: String = "line") -> [ReportedLine] {
        range.map { ReportedLine(n: $0, time: Timestamp(milliseconds: $0), stream: .stdout, text: "\(text) \($0)") }
    }

    private func watch(
        _ store: LogStore, after: Int64 = 0, follows: Bool = true, format: LogStreaming.Format = .lines,
        status: RunStatus = .running
    ) -> LogStreaming {
        LogStreaming(logs: store, run: "run_1", format: format, after: after, follows: follows) { status }
    }

    /// What the log holds, read anew.
    private func all(_ store: LogStore) async throws -> [LogLine] {
        let sink = Sink()
        try await watch(store, follows: false).send(to: sink)
        return try sink.lines
    }

    @Test func linesAreNumberedFromOneAndResentOnesPassedOver() async throws {
        let store = store()
        #expect(try await store.append(lines(1...3), to: "run_1", attempt: 1) {} == 4)
        #expect(try await store.append(lines(2...5), to: "run_1", attempt: 1) {} == 6)
        #expect(try await store.append(lines(1...5), to: "run_1", attempt: 1) {} == 6)
        #expect(try await all(store).map(\.seq) == [1, 2, 3, 4, 5])
        #expect(try await all(store).map(\.text) == (1...5).map { "line \($0)" })
    }

    @Test func aGapIsAConflictThatNamesWhatIsExpected() async throws {
        let store = store()
        _ = try await store.append(lines(1...2), to: "run_1", attempt: 1) {}
        await #expect {
            _ = try await store.append(lines(4...5), to: "run_1", attempt: 1) {}
        } throws: {
            ($0 as? ServiceError)?.kind == .conflict && ($0 as? ServiceError)?.message == "lines[0].n: expected 3, not 4"
        }
        #expect(try await all(store).count == 2)
    }

    @Test func theNextAttemptCountsItsLinesAnewAndTheRunGoesOnCounting() async throws {
        let store = store()
        _ = try await store.append(lines(1...2), to: "run_1", attempt: 1) {}
        _ = try await store.append(lines(1...2, "again"), to: "run_1", attempt: 2) {}
        await #expect { _ = try await store.append(lines(3...3), to: "run_1", attempt: 1) {} } throws: {
            ($0 as? ServiceError)?.code == "stale_attempt"
        }
        #expect(try await all(store).map(\.text) == ["line 1", "line 2", "again 1", "again 2"])
        #expect(try await all(store).map(\.seq) == [1, 2, 3, 4])
    }

    /// Random batches, cut anywhere, sent again, over restarts: always contiguous, each once, in order.
    @Test(arguments: 0..<12) func whateverIsSentAgainTheLogIsTheSame(_ seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        var store = store { $0.readBytes = 64 }
        var expected: [String] = []
        for attempt in 1...3 {
            let count = Int64.random(in: 1...120, using: &random)
            var acknowledged: Int64 = 0
            while acknowledged < count {
                let from = Int64.random(in: max(1, acknowledged - 5)...(acknowledged + 1), using: &random)
                let to = min(count, from + Int64.random(in: 0...20, using: &random))
                let next = try await store.append(lines(from...max(from, to), "a\(attempt)"), to: "run_1", attempt: attempt) {}
                #expect(next == max(acknowledged, max(from, to)) + 1)
                acknowledged = next - 1
                if Int.random(in: 0..<6, using: &random) == 0 {
                    // Killed: what was not acknowledged may be there in part.
                    try tear("{\"half a li", at: "\(folder)/run_1/log", unless: Bool.random(using: &random))
                    store = self.store { $0.readBytes = 64 }
                }
            }
            expected += (1...acknowledged).map { "a\(attempt) \($0)" }
        }
        #expect(try await all(store).map(\.text) == expected)
        #expect(try await all(store).map(\.seq) == (1...Int64(expected.count)).map { $0 })
        for after in [0, 1, expected.count / 2, expected.count - 1, expected.count] {
            let sink = Sink()
            try await watch(store, after: Int64(after), follows: false).send(to: sink)
            #expect(try sink.lines.map(\.text) == Array(expected[after...]))
        }
    }

    private func tear(_ text: String, at path: String, unless isClean: Bool) throws {
        if isClean { return }
        let file = try #require(fopen(path, "a"))
        fputs(text, file)
        fclose(file)
    }

    @Test func aFullLogSaysSoOnceAndTakesNoMore() async throws {
        var store = store { $0.runBytesMax = 2000 }
        #expect(try await store.append(lines(1...100), to: "run_1", attempt: 1) {} == 101)
        #expect(try await store.append(lines(101...120), to: "run_1", attempt: 1) {} == 121)
        let kept = try await all(store)
        #expect(kept.count < 100)
        #expect(kept.last?.stream == .system)
        #expect(kept.last?.text.contains("full") == true)
        // A log that was full before a restart takes whatever the runner goes on with.
        store = self.store { $0.runBytesMax = 2000 }
        #expect(try await store.append(lines(121...130), to: "run_1", attempt: 1) {} == 131)
        store.note("run_1", "the end")
        try await store.settle()
        #expect(try await all(store).count == kept.count + 1)
    }

    @Test func watchersGetTheSameBytesAndTheEnd() async throws {
        let store = store()
        _ = try await store.append(lines(1...10), to: "run_1", attempt: 1) {}
        let sinks = (0..<50).map { _ in Sink() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, sink) in sinks.enumerated() {
                let streaming = watch(store, after: Int64(index % 12), format: .events)
                group.addTask { try await streaming.send(to: sink) }
            }
            for batch in 1...20 {
                _ = try await store.append(lines(Int64(batch * 10 + 1)...Int64(batch * 10 + 10)), to: "run_1", attempt: 1) {}
            }
            store.end("run_1", as: .succeeded, saying: nil)
            try await group.waitForAll()
        }
        for (index, sink) in sinks.enumerated() {
            let ids = sink.text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
            #expect(ids == Array((index % 12 + 1)...210))
            #expect(sink.text.hasSuffix("event: end\ndata: {\"status\":\"succeeded\"}\n\n"))
        }
    }

    @Test func aSlowWatcherHoldsUpNobodyAndMissesNothing() async throws {
        let store = store { $0.tailBytesMax = 4096 }
        let gate = Bell()
        let slow = Sink(gate: gate)
        let quick = Sink()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let streaming = watch(store)
            group.addTask { try await streaming.send(to: slow) }
            group.addTask { try await streaming.send(to: quick) }
            _ = try await store.append(lines(1...1), to: "run_1", attempt: 1) {}
            for batch in 0..<40 {
                let first = Int64(batch * 50 + 2)
                _ = try await store.append(lines(first...(first + 49)), to: "run_1", attempt: 1) {}
            }
            try await quick.waits { $0.contains("line 2001\"") }
            #expect(slow.text.isEmpty)
            gate.ring()
            store.end("run_1", as: .failed, saying: "it failed")
            try await group.waitForAll()
        }
        #expect(try slow.lines.map(\.seq) == (1...2002).map { $0 })
        #expect(try quick.lines.map(\.seq) == (1...2002).map { $0 })
        #expect(try quick.lines.last?.text == "it failed")
    }

    @Test func aStreamTakesLeaveWhenTheSuiteEnds() async throws {
        let store = store()
        _ = try await store.append(lines(1...1), to: "run_1", attempt: 1) {}
        let sink = Sink()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let streaming = watch(store, format: .events)
            group.addTask { try await streaming.send(to: sink) }
            try await sink.waits { $0.contains("id: 1") }
            store.close()
            try await group.waitForAll()
        }
        #expect(sink.text.hasSuffix("event: bye\ndata: {\"reason\":\"shutting down\"}\n\n"))
    }

    @Test func aQuietStreamOfEventsShowsThatItIsAlive() async throws {
        let store = store()
        let sink = Sink()
        var streaming = watch(store, format: .events)
        streaming.quietMax = .milliseconds(20)
        let watching = streaming
        try await onLoop { loop in
            let task = loop.task { try await watching.send(to: sink) }
            try await sink.waits { $0.contains(": keep-alive\n\n") }
            task.cancel()
        }
    }

    @Test func filesAreClosedWhenManyOthersAreUsed() async throws {
        let store = store { $0.idleFilesMax = 4 }
        for index in 0..<20 {
            _ = try await store.append(lines(1...1), to: "run_\(index)", attempt: 1) {}
        }
        #expect(store.openCount <= 4)
        #expect(try await store.append(lines(2...2), to: "run_0", attempt: 1) {} == 3)
    }

    @Test func linesThatDoNotSuitAreRefusedByName() throws {
        let long = String(repeating: "x", count: LogBatch.lineBytesMax + 1)
        for (batch, field) in [
            ([ReportedLine(n: 0, time: Timestamp(milliseconds: 0), stream: .stdout, text: "")], "lines[0].n"),
            (lines(1...1) + lines(3...3), "lines[1].n"),
            (lines(Int64.max...Int64.max) + lines(1...1), "lines[0].n"),
            ([ReportedLine(n: 1, time: Timestamp(milliseconds: 0), stream: .stdout, text: long)], "lines[0].text"),
            (lines(1...501), "lines"),
        ] {
            #expect { try LogLimits.check(LogBatch(lines: batch)) } throws: { ($0 as? ServiceError)?.field == field }
        }
    }
}

/// Random numbers that are the same every time.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
