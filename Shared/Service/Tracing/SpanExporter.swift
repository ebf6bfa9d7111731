import Client
import HTTP
import Loops
import Synchronization

/// Sends spans to a collector: OTLP over HTTP, in batches, from a queue that drops what it cannot hold. A collector that is slow,
/// or gone, or hangs holds no request up.
public final class SpanExporter: Sendable {
    /// Spans that wait; further ones are dropped. A few megabytes.
    public static let waitingMax = 8192
    /// Spans in one request.
    static let batchMax = 512
    /// How long spans wait for others.
    static let interval = Duration.milliseconds(500)
    /// A collector that takes longer has failed.
    static let timeout = Duration.seconds(10)
    /// What is left at the end is given this long.
    static let closingMax = Duration.seconds(2)
    /// 429 and 503 are tried again, after as long as the collector asks for, within this.
    static let retry = Retry(attemptsMax: 4, delayFirst: .milliseconds(500), delayMax: .seconds(5), retryAfterMax: .seconds(30))

    private let configuration: TracingConfiguration
    private let endpoint: String
    private let log: Log
    private let client: HTTPClient
    private let loop: EventLoop
    private let waiting = Mutex<[Span]>([])
    private let exportedCount = Atomic<Int>(0)
    private let droppedCount = Atomic<Int>(0)
    private let running = Mutex<Task<Void, Never>?>(nil)
    /// The last failure has been told of.
    private let hasComplained = Atomic<Bool>(false)

    /// Spans that the collector has taken, and that were lost.
    public var exported: Int { exportedCount.load(ordering: .relaxed) }
    public var dropped: Int { droppedCount.load(ordering: .relaxed) }

    /// Nil when nothing is to be exported.
    init?(_ configuration: TracingConfiguration, _ group: EventLoopGroup, log: Log) {
        guard let endpoint = configuration.endpoint else { return nil }
        self.configuration = configuration
        self.endpoint = endpoint
        self.log = log
        loop = group.next()
        client = HTTPClient(on: loop)
    }

    /// Takes a span. From any thread.
    func add(_ span: Span) {
        let isFirst = waiting.withLock { waiting in
            guard waiting.count < SpanExporter.waitingMax else {
                droppedCount.wrappingAdd(1, ordering: .relaxed)
                return false
            }
            waiting.append(span)
            return waiting.count == 1
        }
        if isFirst { start() }
    }

    /// Sends what waits, for `closingMax` at most.
    public func close() async {
        running.withLock { task in
            task?.cancel()
            task = nil
        }
        let limit = ContinuousClock.now + SpanExporter.closingMax
        while ContinuousClock.now < limit, let batch = take() {
            var request = request(batch)
            request?.timeout = limit - .now
            // try?: there is no time left to try again; what was lost is counted.
            let answer = if let request { try? await client.send(request) } else { OutboundResponse?.none }
            count(batch, isTaken: answer?.isSuccess ?? false)
        }
        let left = waiting.withLock { $0.count }
        if left > 0 { droppedCount.wrappingAdd(left, ordering: .relaxed) }
    }

    private func start() {
        running.withLock { task in
            guard task == nil else { return }
            task = loop.task { [weak self] in
                while !Task.isCancelled {
                    // try?: a cancelled sleep is the end, by the condition above.
                    try? await EventLoop.sleep(for: SpanExporter.interval)
                    guard let self, await self.sendWaiting() else { return }
                }
            }
        }
    }

    /// Sends all that waits. False when the task has ended.
    private func sendWaiting() async -> Bool {
        while !Task.isCancelled, let batch = take() { await send(batch) }
        return !Task.isCancelled
    }

    private func take() -> [Span]? {
        waiting.withLock { waiting in
            guard !waiting.isEmpty else { return nil }
            let batch = Array(waiting.prefix(SpanExporter.batchMax))
            waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func send(_ batch: [Span]) async {
        guard let request = request(batch) else { return count(batch, isTaken: false) }
        do {
            let answer = try await SpanExporter.retry.send(request, with: client)
            count(batch, isTaken: answer.isSuccess)
            if !answer.isSuccess { complain("the collector answers \(answer.status.code)") }
        } catch {
            count(batch, isTaken: false)
            if !(error is CancellationError) { complain("\(error)") }
        }
    }

    private func request(_ batch: [Span]) -> OutboundRequest? {
        // try?: texts and numbers always encode.
        guard
            let body = try? SpanEncoding.encode(batch, name: configuration.serviceName, resource: configuration.resource)
        else { return nil }
        var request = OutboundRequest.json(.post, endpoint, body)
        request.timeout = SpanExporter.timeout
        for (name, value) in configuration.headers { request.headers.add(name, value) }
        return request
    }

    private func count(_ batch: [Span], isTaken: Bool) {
        if isTaken {
            exportedCount.wrappingAdd(batch.count, ordering: .relaxed)
            hasComplained.store(false, ordering: .relaxed)
        } else {
            droppedCount.wrappingAdd(batch.count, ordering: .relaxed)
        }
    }

    /// Once, until it works again.
    private func complain(_ cause: String) {
        if !hasComplained.exchange(true, ordering: .relaxed) {
            log.warning("spans cannot be exported", ["endpoint": endpoint, "cause": cause])
        }
    }
}
