import CSystem
import Glibc
import Synchronization

/// One thread with an epoll, a queue of jobs and a wheel of timers; a `TaskExecutor`, so that a task started on it, and its
/// whole tree, runs on this one thread and needs no lock for what the loop owns.
///
/// Nothing that blocks may run on it.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    // All mutable state but the inbox is confined to the loop's own thread.

    /// Jobs run before the loop looks at its descriptors again: a busy task delays the others by no more than this many,
    private static let jobsPerTickMax = 256
    /// and by no more than this long.
    private static let tickNanosecondsMax: UInt64 = 500_000
    /// The clock is read after this many jobs.
    private static let jobsPerClockReading = 4
    /// Events taken from the kernel at once.
    private static let eventsPerPollMax = 256

    /// The loop's place in its group.
    public let index: Int

    var registrations: Registrations
    var wheel: TimerWheel
    private var ready = JobQueue()
    private let inbox = Mutex<[Work]>([])
    private var taken: [Work] = []
    /// Where the content of one TLS record is put together; not kept by any connection.
    lazy var recordContent = [UInt8](repeating: 0, count: TLSSession.recordBytesMax)
    private let epoll: Int32
    private let wakeUp: Int32
    private let isStopping = Atomic<Bool>(false)
    private var thread = pthread_t()
    private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: EventLoop.eventsPerPollMax)

    /// Starts the thread.
    /// - Throws: `SystemError` when the process has no descriptor or thread left.
    init(index: Int) throws(SystemError) {
        self.index = index
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        registrations = Registrations(epoll: epoll)
        wheel = TimerWheel(nowNanoseconds: EventLoop.nanoseconds())
        guard wakeUp >= 0,
            nexus_epoll_control(epoll, EPOLL_CTL_ADD, wakeUp, EPOLLIN.rawValue | EPOLLET.rawValue, 0) == 0
        else { throw SystemError("eventfd") }
        let failure = pthread_create(
            &thread, nil,
            { argument in
                // Balanced: `init` retained the loop for its thread.
                guard let argument else { return nil }
                Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard failure == 0 else { throw SystemError("pthread_create", code: failure) }
    }

    deinit {
        // Here and not at the thread's end: a late `execute` must not write to a descriptor that is another's by now.
        close(epoll)
        close(wakeUp)
        events.deallocate()
    }

    /// The loop whose thread this is, or nil.
    public static var current: EventLoop? {
        guard let pointer = nexus_thread_loop() else { return nil }
        return Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Whether this is the loop's own thread.
    public var isCurrent: Bool { nexus_thread_loop() == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// Traps on any other thread: what the loop owns would race.
    public func preconditionCurrent() { precondition(isCurrent, "called off the event loop that owns it") }

    /// For the Swift runtime only.
    public func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    /// Runs `block` on the loop, after what is queued already. From any thread.
    public func execute(_ block: @escaping @Sendable () -> Void) { add(.block(block)) }

    /// Runs `block` on the loop after `delay` (10 ms steps, never early). Called on the loop.
    public func schedule(after delay: Duration, _ block: @escaping @Sendable () -> Void) -> Timer {
        let timer = timer(block)
        timer.reset(Timeout(delay + .nanoseconds(Int64(lagNanoseconds()))))
        return timer
    }

    /// A timer that does nothing until it is reset. Called on the loop.
    public func timer(_ block: @escaping @Sendable () -> Void) -> Timer {
        preconditionCurrent()
        return Timer(loop: self, action: block)
    }

    /// Ends the thread once its queue is empty, and waits for that. Called off the loop, once.
    func stop() {
        precondition(!isCurrent, "a loop cannot wait for its own end")
        isStopping.store(true, ordering: .releasing)
        eventfd_write(wakeUp, 1)
        pthread_join(thread, nil)
    }

    private func add(_ work: Work) {
        if isCurrent { return ready.push(work) }
        let wasEmpty = inbox.withLock { inbox in
            inbox.append(work)
            return inbox.count == 1
        }
        if wasEmpty { eventfd_write(wakeUp, 1) }
    }

    private func run() {
        nexus_set_thread_loop(Unmanaged.passUnretained(self).toOpaque())
        nexus_name_thread("loop-\(index)")
        blockBrokenPipeSignal()
        while true {
            runReady()
            if ready.isEmpty, isStopping.load(ordering: .acquiring), !takeInbox() { return }
            poll()
        }
    }

    /// `sendfile` and `write` to a peer that is gone raise a signal on the thread that calls them; the error is enough.
    private func blockBrokenPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func runReady() {
        let executor = asUnownedTaskExecutor()
        let start = EventLoop.nanoseconds()
        for number in 1...EventLoop.jobsPerTickMax {
            switch ready.pop() {
            case .job(let job): job.runSynchronously(on: executor)
            case .block(let block): block()
            case nil: return
            }
            if number % EventLoop.jobsPerClockReading == 0,
                EventLoop.nanoseconds() - start > EventLoop.tickNanosecondsMax
            {
                return
            }
        }
    }

    private func poll() {
        var timeout: Int32 = 0
        if ready.isEmpty { timeout = wheel.millisecondsUntilNext(fromNanoseconds: EventLoop.nanoseconds()) ?? -1 }
        let count = epoll_wait(epoll, events, Int32(EventLoop.eventsPerPollMax), timeout)
        for timer in wheel.advance(toNanoseconds: EventLoop.nanoseconds()) { timer.fire() }
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let id = nexus_epoll_registration(events + index)
            if id == 0 {
                _ = takeInbox()
            } else {
                registrations.find(id)?.handle(events[index].events)
            }
        }
    }

    /// Moves what other threads have sent to the queue. False when there was nothing.
    private func takeInbox() -> Bool {
        inbox.withLock { swap(&$0, &taken) }
        if taken.isEmpty { return false }
        for work in taken { ready.push(work) }
        taken.removeAll(keepingCapacity: true)
        return true
    }

    /// How far real time is ahead of the wheel's.
    private func lagNanoseconds() -> UInt64 {
        (wheel.tick(atNanoseconds: EventLoop.nanoseconds()) - wheel.currentTick) * TimerWheel.tickMilliseconds * 1_000_000
    }

    private static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
