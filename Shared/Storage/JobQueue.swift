import Models

#if canImport(Glibc)
    import Glibc
#endif

/// A bounded queue and the threads that work it off, which start when there is more to do than threads wait for. A condition
/// variable, because `Synchronization.Mutex` has none.
final class JobQueue<Job: Sendable>: @unchecked Sendable {  // unchecked: the state is touched only while the mutex is held
    enum Refusal: Error { case full, closed }

    let capacity: Int
    let threadsMax: Int
    private var jobs: [Job] = []
    private var isClosed = false
    /// Threads that may take a job, those of them that wait for one, and all that have not ended.
    private var working = 0
    private var waiting = 0
    private var alive = 0
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(capacity: Int, threadsMax: Int) {
        self.capacity = capacity
        self.threadsMax = threadsMax
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    var count: Int { locked { jobs.count } }

    /// Adds a job.
    /// - Returns: whether the caller must start a thread, which is counted already.
    func offer(_ job: Job) throws(Refusal) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isClosed else { throw .closed }
        guard jobs.count < capacity else { throw .full }
        jobs.append(job)
        guard jobs.count > waiting, working < threadsMax else {
            if waiting > 0 { pthread_cond_broadcast(condition) }
            return false
        }
        working += 1
        alive += 1
        return true
    }

    /// Up to `max` jobs in the order they came. Waits for the first at most `seconds` (nil: for ever). Empty when that time is
    /// up, or when the queue is closed and drained: then the thread must end, and nobody counts on it any more.
    func take(_ max: Int, waitingSeconds seconds: Double?) -> [Job] {
        locked {
            let deadline = seconds.map { Self.deadline(in: $0) }
            while jobs.isEmpty, !isClosed {
                waiting += 1
                defer { waiting -= 1 }
                guard var deadline else {
                    pthread_cond_wait(condition, mutex)
                    continue
                }
                if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { break }
            }
            if jobs.isEmpty { working -= 1 }
            return removeFirst(max)
        }
    }

    /// Up to `max` jobs that are there now.
    func takeAvailable(_ max: Int) -> [Job] { locked { removeFirst(max) } }

    /// Called by a thread as the last thing it does.
    func leave() {
        locked {
            alive -= 1
            pthread_cond_broadcast(condition)
        }
    }

    /// Takes back the thread that `offer` asked for and that could not be started.
    /// - Returns: the jobs that no thread is left for.
    func abandon() -> [Job] {
        locked {
            working -= 1
            alive -= 1
            pthread_cond_broadcast(condition)
            return working == 0 ? removeFirst(.max) : []
        }
    }

    /// Refuses what comes from now on; what is queued is still worked off.
    func close() {
        locked {
            isClosed = true
            pthread_cond_broadcast(condition)
        }
    }

    /// Blocks until every thread of a closed queue has ended.
    func waitForThreads() {
        locked { while alive > 0 { pthread_cond_wait(condition, mutex) } }
    }

    private func locked<T>(_ body: () -> T) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    private func removeFirst(_ max: Int) -> [Job] {
        if jobs.count <= max {
            defer { jobs = [] }
            return jobs
        }
        defer { jobs.removeFirst(max) }
        return Array(jobs.prefix(max))
    }

    private static func deadline(in seconds: Double) -> timespec {
        let nanoseconds = monotonicNanoseconds() + UInt64(seconds * 1e9)
        return timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
