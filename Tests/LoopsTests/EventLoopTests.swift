import Synchronization
import Testing

@testable import Loops

/// What a test's closures on several threads write.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<Result>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
}

/// Runs `body` on a loop of a group of `count`, and ends the group.
func withLoops<Value: Sendable>(
    _ count: Int = 1, _ body: @escaping @Sendable (EventLoopGroup) async throws -> Value
) async throws -> Value {
    let group = try EventLoopGroup(count: count)
    let result = await group.loops[0].task { try await body(group) }.result
    group.shutdown()
    return try result.get()
}

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTests {
    @Test func aTaskRunsOnItsLoopAndComesBackToItAfterWaiting() async throws {
        try await withLoops(2) { group in
            #expect(EventLoop.current === group.loops[0])
            await Task.yield()
            #expect(EventLoop.current === group.loops[0])
            let other = await group.loops[1].task { EventLoop.current?.index }.value
            #expect(other == 1)
            #expect(EventLoop.current === group.loops[0])
            // Time is what this is about.
            try await EventLoop.sleep(for: .milliseconds(5))
            #expect(EventLoop.current === group.loops[0])
        }
        #expect(EventLoop.current == nil)
    }

    @Test func childTasksStayOnTheLoop() async throws {
        try await withLoops(2) { group in
            await withTaskGroup(of: Int?.self) { children in
                for _ in 0..<8 { children.addTask { EventLoop.current?.index } }
                for await index in children { #expect(index == 0) }
            }
        }
    }

    @Test func workFromManyThreadsArrivesOnceAndInEachSendersOrder() async throws {
        try await withLoops(3) { group in
            let target = group.loops[0]
            let received = Shared<[[Int]]>([[], []])
            await withTaskGroup(of: Void.self) { senders in
                for sender in 0..<2 {
                    senders.addTask(executorPreference: group.loops[sender + 1]) {
                        for number in 0..<5_000 {
                            target.execute { received.withLock { $0[sender].append(number) } }
                            if number % 100 == 0 { await Task.yield() }
                        }
                    }
                }
            }
            // What this loop gives itself may come before what others have given it.
            while received.withLock({ $0[0].count + $0[1].count }) < 10_000 { await EventLoop.yield() }
            received.withLock { #expect($0 == [Array(0..<5_000), Array(0..<5_000)]) }
        }
    }

    @Test func aBusyTaskLeavesTurnsToTimers() async throws {
        try await withLoops { group in
            let fired = Shared(false)
            _ = group.loops[0].schedule(after: .milliseconds(20)) { fired.withLock { $0 = true } }
            while fired.withLock({ !$0 }) { await EventLoop.yield() }
        }
    }

    @Test func aLongQueueOfSlowJobsLeavesTurnsToTimers() async throws {
        try await withLoops { group in
            let loop = group.loops[0]
            let done = Shared((jobs: 0, jobsAtTimer: 0))
            _ = loop.schedule(after: .milliseconds(10)) { done.withLock { $0.jobsAtTimer = $0.jobs } }
            await withUnsafeContinuation { (last: UnsafeContinuation<Void, Never>) in
                for number in 1...200 {
                    loop.execute {
                        let start = ContinuousClock.now
                        while ContinuousClock.now - start < .milliseconds(1) {}
                        done.withLock { $0.jobs += 1 }
                        if number == 200 { last.resume() }
                    }
                }
            }
            done.withLock { #expect((1..<100).contains($0.jobsAtTimer)) }
        }
    }

    @Test func aDelayPastAllTimeOverflowsNothing() async throws {
        try await withLoops { group in
            let timer = group.loops[0].schedule(after: .seconds(Int64.max)) { Issue.record("the end of time") }
            await EventLoop.yield()
            timer.cancel()
        }
    }

    @Test func timersFireInTheOrderOfTheirDeadlinesAndNeverEarly() async throws {
        try await withLoops { group in
            let loop = group.loops[0]
            let order = Shared<[Int]>([])
            let start = ContinuousClock.now
            await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
                for delay in [60, 20, 40] {
                    _ = loop.schedule(after: .milliseconds(delay)) {
                        #expect(ContinuousClock.now - start >= .milliseconds(delay))
                        order.withLock { $0.append(delay) }
                        if delay == 60 { done.resume() }
                    }
                }
            }
            order.withLock { #expect($0 == [20, 40, 60]) }
        }
    }

    @Test func aCancelledTimerDoesNotFireAndLetsGoOfItsAction() async throws {
        final class Held: Sendable {}
        try await withLoops { group in
            let loop = group.loops[0]
            weak var held: Held?
            do {
                let object = Held()
                held = object
                loop.schedule(after: .milliseconds(10)) { [object] in Issue.record("fired with \(object)") }.cancel()
            }
            #expect(held == nil)
            // Time is what this is about.
            try await EventLoop.sleep(for: .milliseconds(40))
        }
    }

    @Test func cancellingASleeperWakesItAtOnce() async throws {
        try await withLoops(2) { group in
            for loop in group.loops {
                // Time is what this is about.
                let sleeper = loop.task { try await EventLoop.sleep(for: .seconds(600)) }
                await Task.yield()
                sleeper.cancel()
                await #expect(throws: CancellationError.self) { try await sleeper.value }
            }
        }
    }
}
