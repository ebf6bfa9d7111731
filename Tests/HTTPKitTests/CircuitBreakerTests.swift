import Loops
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct CircuitBreakerTests {
    private let breaker = CircuitBreaker()

    private func isGranted(_ now: UInt64) -> Bool { if case .granted = breaker.leave(now: now) { true } else { false } }
    private func isProbe(_ now: UInt64) -> Bool { if case .probe = breaker.leave(now: now) { true } else { false } }
    private func isRefused(_ now: UInt64) -> Bool { if case .refused = breaker.leave(now: now) { true } else { false } }

    private func open(at now: UInt64) {
        for _ in 0..<5 {
            #expect(isGranted(now))
            breaker.failed(now: now)
        }
        #expect(breaker.state == .open)
    }

    @Test func fiveFailuresInARowOpenIt() {
        for _ in 0..<4 { breaker.failed(now: 1000) }
        breaker.succeeded()
        for _ in 0..<4 { breaker.failed(now: 1000) }
        #expect(breaker.state == .closed)
        #expect(isGranted(1000))
        breaker.failed(now: 1000)
        #expect(breaker.state == .open)
        #expect(isRefused(1000))
        #expect(breaker.openingCount == 1)
    }

    @Test func failuresFarApartDoNot() {
        for number in 0..<20 { breaker.failed(now: UInt64(number) * 3000) }
        #expect(breaker.state == .closed)
    }

    @Test func afterAWhileOneRequestGoesAndDecides() {
        open(at: 1000)
        #expect(isRefused(1199))
        #expect(isProbe(1200))
        #expect(breaker.state == .halfOpen)
        #expect(isRefused(1200) && isRefused(1500))
        breaker.failed(now: 1600)
        #expect(isRefused(1799))
        #expect(isProbe(1800))
        breaker.succeeded()
        #expect(breaker.state == .closed)
        #expect(isGranted(1801) && isGranted(1801))
        // It begins anew: one failure is not the last of five.
        breaker.failed(now: 1802)
        #expect(isGranted(1803))
    }

    @Test func whatWasSentBeforeItOpenedSaysNothingNew() {
        open(at: 1000)
        for now in UInt64(1001)..<1100 { breaker.failed(now: now) }
        #expect(isProbe(1200))
        #expect(breaker.openingCount == 1)
    }

    @Test func aProbeThatTellsNothingGivesWayToTheNext() {
        open(at: 1000)
        #expect(isProbe(1200))
        breaker.probeEnded(now: 1300)
        #expect(isProbe(1300))
        #expect(isRefused(1300))
        #expect(isProbe(3300))
    }

    @Test func whatCannotBeReachedIsSoonBackOnceItIsThere() async throws {
        let group = try EventLoopGroup(count: 1)
        let path = try temporarySocketPath()
        let upstream = Upstream.unix(path)
        await group.loops[0].task {
            for _ in 0..<5 {
                await #expect { _ = try await upstream.send(Request(.get, "/")) } throws: {
                    guard case .unavailable(let text)? = $0 as? UpstreamError else { return false }
                    return !text.contains("lately")
                }
            }
            #expect(upstream.isCircuitOpen)
            #expect(upstream.circuitOpenings == 1)
        }.value
        let server = try await ScriptedServer(group, at: path) { peer, _ in
            while try await peer.head() != nil { try await peer.say("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n") }
        }
        try await group.loops[0].task {
            let start = ContinuousClock.now
            var refusals = 0
            while true {
                do {
                    // A 5xx is an answer: whoever gives it is there.
                    let got = try await upstream.send(Request(.get, "/")).status
                    #expect(got == .unavailable)
                    break
                } catch UpstreamError.unavailable(let text) where text.contains("lately") {
                    refusals += 1
                    await EventLoop.yield()
                }
            }
            #expect(refusals > 0)
            #expect(start.duration(to: .now) < .seconds(1))
            #expect(!upstream.isCircuitOpen)
            for _ in 0..<10 {
                let got = try await upstream.send(Request(.get, "/")).status
                #expect(got == .unavailable)
            }
            #expect(!upstream.isCircuitOpen)
        }.value
        #expect(server.connectionCount == 1)
        upstream.close()
    }

    @Test func moreRequestsThanMayWaitAreRefusedAtOnce() async throws {
        let group = try EventLoopGroup(count: 1)
        var limits = UpstreamLimits()
        limits.requestsMax = 3
        let server = try await ScriptedServer(group) { peer, _ in
            _ = try await peer.head()
            // Answers when the test ends its connection.
            _ = try await peer.head()
        }
        let upstream = Upstream.unix(server.path, limits: limits)
        await group.loops[0].task {
            let waiting = (0..<3).map { _ in group.loops[0].task { try await upstream.send(Request(.get, "/")) } }
            while server.connectionCount < 3 { await EventLoop.yield() }
            await #expect(throws: UpstreamError.overloaded("too many requests wait for an answer")) {
                _ = try await upstream.send(Request(.get, "/"))
            }
            #expect(upstream.requestsShed == 1)
            #expect(!upstream.isCircuitOpen)
            for task in waiting { task.cancel() }
            for task in waiting { _ = await task.result }
        }.value
    }
}
