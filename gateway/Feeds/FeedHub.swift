import Events
import HTTP
import Loops
import Models
import Service
import Synchronization

/// Reads the outboxes of all services while anybody listens, and hands every event to the loops: one reader for each service,
/// however many subscribers there are; none while there are none.
final class FeedHub: Sendable {
    /// How long the first subscriber waits for services that do not say where they are; they are heard of later then.
    static let beginMax = Duration.seconds(1)
    /// How long a subscriber waits for the feed to begin.
    static let holdMax = Duration.seconds(5)
    /// Clocks of two machines may differ by as much: what a service has told a little before the feed began may be told again.
    static let clockSkewSeconds = 2.0
    /// One question's wait for news, and the most events in its answer.
    static let waitSeconds = 25
    static let pageMax = 200

    private struct State {
        var position: FeedPosition
        var isLive = false
        /// Counts the beginnings.
        var beginning: Int64 = 0
        /// Channels, and subscribers about to get one.
        var holds = 0
        var changes: Int64 = 0
        var parts: [FeedPart] = []
    }

    private let peers: Peers
    private let clock: WallClock
    private let log: Log
    private let state = Mutex(State(position: FeedPosition([Int64](repeating: 0, count: ServiceName.allCases.count))))
    /// Rises with every change of `holds` from or to none, and of `isLive`.
    private let changes = Watermark()

    init(peers: Peers, clock: WallClock, log: Log) {
        self.peers = peers
        self.clock = clock
        self.log = log
    }

    /// Reads while there is somebody to read for, until the task is cancelled.
    func run() async throws {
        while true {
            let (isWanted, change) = state.withLock { ($0.holds > 0, $0.changes) }
            if isWanted { await read() } else { _ = try await changes.wait(past: change, within: .seconds(3600)) }
            try Task.checkCancellation()
        }
    }

    /// Adds a loop's part, which hears of everything after the position that it gets.
    func enlist(_ part: FeedPart) -> (position: FeedPosition, beginning: Int64) {
        state.withLock { state in
            state.parts.append(part)
            return (state.position, state.beginning)
        }
    }

    /// Keeps the feed going until `release`; returns once it has begun.
    /// - Returns: which beginning it was.
    /// - Throws: 503 when it does not; `CancellationError`.
    func hold() async throws -> Int64 {
        let end = ContinuousClock.now + FeedHub.holdMax
        var (isLive, change) = state.withLock { state in
            state.holds += 1
            if state.holds == 1 { state.changes += 1 }
            return (state.isLive, state.changes)
        }
        changes.advance(to: change)
        do {
            while !isLive {
                let left = ContinuousClock.now.duration(to: end)
                guard left > .zero else {
                    throw ServiceError(.unavailable, "the feed has not begun; try again", retryAfterSeconds: 1)
                }
                _ = try await changes.wait(past: change, within: left)
                (isLive, change) = state.withLock { ($0.isLive, $0.changes) }
            }
        } catch {
            release()
            throw error
        }
        return state.withLock { $0.beginning }
    }

    func release() {
        let change = state.withLock { state in
            state.holds -= 1
            if state.holds == 0 { state.changes += 1 }
            return state.changes
        }
        changes.advance(to: change)
    }

    /// Reads until nobody holds the feed any more.
    private func read() async {
        let position = await begin()
        let change = state.withLock { state in
            state.position = position
            state.isLive = true
            state.beginning += 1
            state.changes += 1
            let beginning = state.beginning
            for part in state.parts { part.loop.execute { part.begin(beginning, at: position) } }
            return state.changes
        }
        changes.advance(to: change)
        await withTaskGroup(of: Void.self) { group in
            for service in ServiceName.allCases {
                group.addTask { await self.follow(service, from: position[service.feedIndex]) }
            }
            await self.untilUnheld()
            group.cancelAll()
        }
    }

    /// Waits until nobody holds the feed, which then is no longer live, or the task is cancelled.
    private func untilUnheld() async {
        while true {
            let (isOver, change) = state.withLock { state in
                if state.holds == 0 || Task.isCancelled { state.isLive = false }
                return (!state.isLive, state.changes)
            }
            if isOver { return }
            // try?: a cancelled wait is found out above.
            _ = try? await changes.wait(past: change, within: .seconds(3600))
        }
    }

    /// Where each service is; a time for those that do not say so soon.
    private func begin() async -> FeedPosition {
        let unknown = FeedPosition.since(clock.now().adding(seconds: -FeedHub.clockSkewSeconds))
        var position = FeedPosition([Int64](repeating: unknown, count: ServiceName.allCases.count))
        await withTaskGroup(of: (service: Int?, sequence: Int64?).self) { group in
            for service in ServiceName.allCases {
                group.addTask {
                    // try?: a service that does not answer is asked again by its reader.
                    (service.feedIndex, try? await FeedSource(service, self.peers).present())
                }
            }
            group.addTask {
                // try?: cancelled when all have answered before.
                try? await EventLoop.sleep(for: FeedHub.beginMax)
                return (nil, nil)
            }
            var missing = ServiceName.allCases.count
            while missing > 0, let answer = await group.next(), let service = answer.service {
                if let sequence = answer.sequence { position[service] = sequence }
                missing -= 1
            }
            group.cancelAll()
        }
        return position
    }

    /// Hands on what a service tells, until the task is cancelled. One that is down is asked again, less and less often (1 s).
    private func follow(_ service: ServiceName, from start: Int64) async {
        let source = FeedSource(service, peers)
        var position = start
        var delay = Duration.milliseconds(50)
        while !Task.isCancelled {
            do {
                let asked = ContinuousClock.now
                let page = try await source.page(after: position, limit: FeedHub.pageMax, waitSeconds: FeedHub.waitSeconds)
                if position < 0 { resolve(service.feedIndex, page.start) }
                try publish(page.events, of: service.feedIndex)
                position = page.last
                delay = .milliseconds(50)
                // A service that is about to end does not wait.
                if page.events.isEmpty, asked.duration(to: .now) < delay { try await EventLoop.sleep(for: delay) }
            } catch is CancellationError {
                return
            } catch {
                if ErrorRendering.serviceError(error).kind == .internal {
                    log.error("the feed of \(service.rawValue) failed", ["cause": "\(error)"])
                }
                // A cancelled sleep ends the loop by its condition.
                try? await EventLoop.sleep(for: delay)
                delay = min(delay * 2, .seconds(1))
            }
        }
    }

    private func publish(_ events: [Event], of service: Int) throws {
        guard !events.isEmpty else { return }
        try state.withLock { state in
            var made: [FeedEvent] = []
            made.reserveCapacity(events.count)
            var position = state.position
            for event in events {
                position[service] = event.sequence
                made.append(try FeedEvent(event, of: service, at: position))
            }
            state.position = position
            // Within the lock: all loops hear of events in the same order.
            let batch = made
            for part in state.parts { part.loop.execute { part.publish(batch) } }
        }
    }

    private func resolve(_ service: Int, _ sequence: Int64) {
        state.withLock { state in
            state.position[service] = max(state.position[service], sequence)
            for part in state.parts { part.loop.execute { part.resolve(service, sequence) } }
        }
    }
}
