import Testing

@testable import Loops

/// The wheel alone, with a clock of the test's own.
@Suite struct TimerWheelTests {
    private func withWheel(_ body: @escaping @Sendable (EventLoop) -> Void) async throws {
        try await withLoops { group in body(group.loops[0]) }
    }

    @Test func aTimerBeyondOneRevolutionFiresInItsOwn() async throws {
        try await withWheel { loop in
            var wheel = TimerWheel(nowNanoseconds: 0)
            let timer = Timer(loop: loop) {}
            loop.wheel = TimerWheel(nowNanoseconds: 0)
            loop.wheel = wheel
            timer.reset(.seconds(25))
            wheel = loop.wheel
            #expect(wheel.advance(toNanoseconds: 10_000_000_000).isEmpty)
            #expect(wheel.advance(toNanoseconds: 24_990_000_000).isEmpty)
            #expect(wheel.advance(toNanoseconds: 25_020_000_000).count == 1)
            #expect(wheel.millisecondsUntilNext(fromNanoseconds: 25_020_000_000) == nil)
        }
    }

    @Test func movingADeadlineAwayIsSeenWhenTheOldOneComes() async throws {
        try await withWheel { loop in
            let timer = Timer(loop: loop) {}
            loop.wheel = TimerWheel(nowNanoseconds: 0)
            timer.reset(.milliseconds(50))
            timer.reset(.milliseconds(500))
            #expect(loop.wheel.advance(toNanoseconds: 100_000_000).isEmpty)
            #expect(loop.wheel.advance(toNanoseconds: 520_000_000).count == 1)
        }
    }

    @Test func movingADeadlineNearerFiresOnceOnly() async throws {
        try await withWheel { loop in
            let timer = Timer(loop: loop) {}
            loop.wheel = TimerWheel(nowNanoseconds: 0)
            timer.reset(.milliseconds(500))
            timer.reset(.milliseconds(50))
            #expect(loop.wheel.advance(toNanoseconds: 100_000_000).count == 1)
            #expect(loop.wheel.advance(toNanoseconds: 600_000_000).isEmpty)
        }
    }

    @Test func aPausedTimerDoesNotFireUntilItIsReset() async throws {
        try await withWheel { loop in
            let timer = Timer(loop: loop) {}
            loop.wheel = TimerWheel(nowNanoseconds: 0)
            timer.reset(.milliseconds(50))
            timer.pause()
            #expect(loop.wheel.advance(toNanoseconds: 100_000_000).isEmpty)
            timer.reset(.milliseconds(50))
            #expect(loop.wheel.advance(toNanoseconds: 200_000_000).count == 1)
        }
    }

    @Test func aLongPauseOfTheLoopLosesNoTimer() async throws {
        try await withWheel { loop in
            let timers = (1...50).map { _ in Timer(loop: loop) {} }
            loop.wheel = TimerWheel(nowNanoseconds: 0)
            for (index, timer) in timers.enumerated() { timer.reset(.milliseconds(500 * (index + 1))) }
            #expect(loop.wheel.advance(toNanoseconds: 3_600_000_000_000).count == 50)
        }
    }

    @Test func theNextDeadlineIsNotMissedNorFarAhead() async throws {
        try await withWheel { loop in
            let timer = Timer(loop: loop) {}
            loop.wheel = TimerWheel(nowNanoseconds: 0)
            timer.reset(.milliseconds(300))
            let wait = loop.wheel.millisecondsUntilNext(fromNanoseconds: 0) ?? -1
            #expect((300...320).contains(wait))
        }
    }
}
