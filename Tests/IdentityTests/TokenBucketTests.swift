import Identity
import Synchronization
import Testing

@Suite struct TokenBucketTests {
    private let second: UInt64 = 1_000_000_000
    private let start: UInt64 = 77_000_000_000

    @Test func aFullBucketGivesItsBurstAndThenOneAtATime() {
        let policy = RatePolicy(perSecond: 10)
        let bucket = TokenBucket()
        #expect(policy.burst == 20)
        #expect(policy.windowSeconds == 2)
        for left in (0..<20).reversed() {
            let outcome = bucket.take(policy, now: start)
            #expect(outcome.isAdmitted)
            #expect(outcome.remaining == left)
        }
        let refused = bucket.take(policy, now: start)
        #expect(!refused.isAdmitted)
        #expect(refused.remaining == 0)
        #expect(refused.waitNanoseconds == second / 10)
        #expect(refused.waitSeconds == 1)
        #expect(refused.refillSeconds == 2)
        #expect(!bucket.take(policy, now: start + second / 10 - 1).isAdmitted)
        #expect(bucket.take(policy, now: start + second / 10).isAdmitted)
        #expect(!bucket.take(policy, now: start + second / 10).isAdmitted)
        #expect(bucket.take(policy, now: start + 100 * second).remaining == 19)
    }

    @Test func lessThanOneASecondIsARateToo() {
        let policy = RatePolicy(perSecond: 0.1)
        let bucket = TokenBucket()
        #expect(policy.burst == 1)
        #expect(policy.windowSeconds == 10)
        #expect(bucket.take(policy, now: start).isAdmitted)
        #expect(bucket.take(policy, now: start + second).waitSeconds == 9)
        #expect(bucket.take(policy, now: start + 10 * second).isAdmitted)
    }

    @Test func manyThreadsGetNoMoreThanThereIs() async {
        let policy = RatePolicy(perSecond: 1, burst: 1000)
        let bucket = TokenBucket()
        let now = start
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<500).count { _ in bucket.take(policy, now: now).isAdmitted } }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 1000)
    }

    @Test func aTableKeepsWhoIsAtItAndSharesOneBucketAmongTheRest() {
        let policy = RatePolicy(perSecond: 1, burst: 1)
        let table = BucketTable<Int>(bucketsMax: 10, shards: 1)
        for key in 0..<10 { #expect(table.bucket(for: key, now: start).take(policy, now: start).isAdmitted) }
        #expect(table.bucket(for: 10, now: start).take(policy, now: start).isAdmitted)
        #expect(!table.bucket(for: 11, now: start).take(policy, now: start).isAdmitted)
        #expect(!table.bucket(for: 3, now: start).take(policy, now: start).isAdmitted)
        #expect(table.count == 10)
        let later = start + 5 * second
        #expect(table.bucket(for: 12, now: later).take(policy, now: later).isAdmitted)
        #expect(table.count == 1)
    }
}
