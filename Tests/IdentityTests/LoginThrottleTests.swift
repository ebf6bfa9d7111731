import Identity
import Models
import Testing

@Suite struct LoginThrottleTests {
    let now = TokenForge.now

    private func after(_ seconds: Double) -> Timestamp { now.adding(seconds: seconds) }

    private func wait(
        _ throttle: inout LoginThrottle, _ username: String = "ada", _ address: String = "192.0.2.1", at time: Timestamp
    ) -> Int? {
        do throws(ServiceError) {
            try throttle.admit(username: username, address: address, now: time)
            return nil
        } catch {
            return error.retryAfterSeconds
        }
    }

    @Test func theFirstAttemptsAreFreeThenTheWaitDoubles() {
        var throttle = LoginThrottle()
        for _ in 0..<5 { #expect(wait(&throttle, at: now) == nil) }
        #expect(wait(&throttle, at: now) == 1)
        #expect(wait(&throttle, at: after(1)) == nil)
        #expect(wait(&throttle, at: after(1)) == 2)
        #expect(wait(&throttle, at: after(3)) == nil)
        #expect(wait(&throttle, at: after(3)) == 4)
    }

    @Test func theWaitHasAMost() {
        var throttle = LoginThrottle()
        var time = now
        var longest = 0
        for _ in 0..<100 {
            guard let seconds = wait(&throttle, at: time) else { continue }
            longest = max(longest, seconds)
            time = time.adding(seconds: Double(seconds))
        }
        #expect(longest == 300)
    }

    @Test func aSuccessOrTimeClearsIt() {
        var throttle = LoginThrottle()
        for _ in 0..<5 { _ = wait(&throttle, at: now) }
        throttle.succeeded(username: "ada", address: "192.0.2.1", now: now)
        for _ in 0..<5 { #expect(wait(&throttle, at: now) == nil) }
        #expect(wait(&throttle, at: now) != nil)
        for _ in 0..<5 { #expect(wait(&throttle, at: after(901)) == nil) }
    }

    @Test func oneAddressDoesNotLockOutAnother() {
        var throttle = LoginThrottle()
        for _ in 0..<40 { _ = wait(&throttle, at: now) }
        #expect(wait(&throttle, "ada", "192.0.2.2", at: now) == nil)
        #expect(wait(&throttle, "bob", "192.0.2.1", at: now) == nil)
        #expect(wait(&throttle, "ADA", "192.0.2.1", at: now) != nil)
    }

    @Test func anAddressThatTriesManyUsernamesWaitsToo() {
        var throttle = LoginThrottle()
        for number in 0..<50 { #expect(wait(&throttle, "user\(number)", at: now) == nil) }
        #expect(wait(&throttle, "another", at: now) == 1)
    }

    @Test func aUsernameThatIsTriedFromManyAddressesWaitsButNeverForLong() {
        var throttle = LoginThrottle()
        for number in 0..<100 { #expect(wait(&throttle, "ada", "198.51.100.\(number)", at: now) == nil) }
        #expect(wait(&throttle, "ada", "198.51.100.200", at: now) == 1)
        #expect(wait(&throttle, "bob", "198.51.100.200", at: now) == nil)
        var time = now
        var longest = 0
        for number in 0..<50 {
            guard let seconds = wait(&throttle, "ada", "203.0.113.\(number)", at: time) else { continue }
            longest = max(longest, seconds)
            time = time.adding(seconds: Double(seconds))
        }
        #expect(longest == 30)
    }

    @Test func whoHasSignedInFromAnAddressIsNotHeldUpByOthersWhoGuess() {
        var throttle = LoginThrottle()
        #expect(wait(&throttle, "ada", "192.0.2.1", at: now) == nil)
        throttle.succeeded(username: "ada", address: "192.0.2.1", now: now)
        for number in 0..<200 { _ = wait(&throttle, "ada", "198.51.100.\(number)", at: now) }
        #expect(wait(&throttle, "ada", "203.0.113.1", at: now) != nil)
        #expect(wait(&throttle, "Ada", "192.0.2.1", at: now) == nil)
        #expect(wait(&throttle, "ada", "203.0.113.1", at: after(40 * 86_400)) == nil)
    }

    @Test func renewalsThatFailCountForTheirAddress() throws {
        var throttle = LoginThrottle()
        for _ in 0..<50 {
            try throttle.admitRenewal(address: "192.0.2.1", now: now)
            throttle.renewalFailed(address: "192.0.2.1", now: now)
        }
        #expect { try throttle.admitRenewal(address: "192.0.2.1", now: now) } throws: {
            ($0 as? ServiceError)?.retryAfterSeconds == 1
        }
        try throttle.admitRenewal(address: "192.0.2.2", now: now)
        #expect(wait(&throttle, "bob", "192.0.2.1", at: now) == 1)
    }

    @Test func manyWhoSignInFromOneAddressDoNotWait() {
        var throttle = LoginThrottle()
        for number in 0..<500 {
            #expect(wait(&throttle, "user\(number)", at: now) == nil)
            throttle.succeeded(username: "user\(number)", address: "192.0.2.1", now: now)
        }
    }

    @Test func itRemembersNoMoreThanItMay() {
        var limits = LoginThrottle.Limits()
        limits.entriesMax = 100
        var throttle = LoginThrottle(limits: limits)
        for number in 0..<5000 {
            _ = wait(&throttle, "user\(number)", "192.0.2.\(number)", at: after(Double(number) / 1000))
            #expect(throttle.count <= 102)
        }
    }
}
