import Glibc
import Models
import Synchronization

/// The thread that writes what the loops have gathered, so that no loop ever waits for a disk.
///
/// A condition variable, because `Synchronization.Mutex` has none.
final class AccessLogWriter: @unchecked Sendable {  // The state is touched only while the mutex is held; the file by the thread.
    /// Buffers that wait to be written, at most: of 32 KiB each, half a second of the busiest traffic.
    static let pendingMax = 128

    private var pending: [[UInt8]] = []
    private var free: [[UInt8]] = []
    private var isReopening = false
    private var isClosed = false
    private var hasEnded = false
    private var whenEnded: (@Sendable () -> Void)?
    private var file: AccessLogFile
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let droppedCount = Atomic<Int>(0)
    private let writtenBytes = Atomic<Int>(0)

    /// Lines that were lost: the disk was slower than the requests, or full.
    var dropped: Int { droppedCount.load(ordering: .relaxed) }
    /// Bytes that were written.
    var written: Int { writtenBytes.load(ordering: .relaxed) }

    /// Starts the thread.
    /// - Throws: `ServiceError` 503 when there is no thread left.
    init(_ file: AccessLogFile) throws {
        self.file = file
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread, nil,
            { argument in
                // Balanced: retained above, for the thread.
                guard let argument else { return nil }
                var every = sigset_t()
                sigfillset(&every)
                pthread_sigmask(SIG_BLOCK, &every, nil)
                Unmanaged<AccessLogWriter>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard failure == 0 else {
            context.release()
            throw ServiceError(.unavailable, "no thread is left", cause: "pthread_create: errno \(failure)", retryAfterSeconds: 1)
        }
        pthread_detach(thread)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Takes a buffer of lines, and gives an empty one for it. When too many wait already the lines are dropped.
    func take(_ buffer: inout [UInt8], lines: Int) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isClosed, pending.count < AccessLogWriter.pendingMax else {
            buffer.removeAll(keepingCapacity: true)
            return drop(lines)
        }
        var empty = free.popLast() ?? []
        swap(&empty, &buffer)
        pending.append(empty)
        pthread_cond_signal(condition)
    }

    /// Counts lines that nobody will see.
    func drop(_ lines: Int) { droppedCount.wrappingAdd(lines, ordering: .relaxed) }

    /// Opens the file anew before the next line.
    func reopen() {
        pthread_mutex_lock(mutex)
        isReopening = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Has everything written that was taken, and `then` called, on the thread, once it is.
    func close(_ then: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        isClosed = true
        let isOver = hasEnded
        whenEnded = then
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
        if isOver { then() }
    }

    private func run() {
        var batch: [[UInt8]] = []
        var reported = 0
        while let reopens = wait(&batch) {
            if reopens { file.reopen() }
            let lost = dropped
            if lost > reported, file.write(AccessLine.dropped(lost - reported, at: WallClock.system.now())) { reported = lost }
            for lines in batch {
                if file.write(lines) {
                    writtenBytes.wrappingAdd(lines.count, ordering: .relaxed)
                } else {
                    drop(lines.reduce(0) { $0 + ($1 == 10 ? 1 : 0) })
                }
            }
        }
        file.close()
        pthread_mutex_lock(mutex)
        hasEnded = true
        let then = whenEnded
        pthread_mutex_unlock(mutex)
        then?()
    }

    /// Gives back the buffers that were written and waits for more. Whether to reopen first; nil at the end.
    private func wait(_ batch: inout [[UInt8]]) -> Bool? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        for var buffer in batch where free.count < AccessLogWriter.freeMax {
            buffer.removeAll(keepingCapacity: true)
            free.append(buffer)
        }
        batch.removeAll(keepingCapacity: true)
        while pending.isEmpty, !isReopening {
            if isClosed { return nil }
            pthread_cond_wait(condition, mutex)
        }
        swap(&batch, &pending)
        defer { isReopening = false }
        return isReopening
    }

    /// Empty buffers kept for the loops; more are given back to the heap.
    private static let freeMax = 16
}
