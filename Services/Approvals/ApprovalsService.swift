import Events
import Loops
import Models
import Service
import Storage

/// Approvals: what waits for a human, and what was decided.
public struct ApprovalsService: NexusService {
    public static let name = ServiceName.approvals
    public static let migrations = ApprovalMigrations.all

    /// The longest that nobody looks for what has expired, should a clock be set forward.
    static let expiryCheckMax: Double = 60
    /// After a failure of the database.
    static let expiryRetry = Duration.seconds(1)

    let environment: ServiceEnvironment
    let approvals: ApprovalHandlers
    let policies: PolicyHandlers
    let stream: ApprovalStream
    private let ledger: ApprovalLedger

    public init(_ environment: ServiceEnvironment) {
        self.environment = environment
        let store = ApprovalStore()
        let references = ApprovalReferences(environment: environment)
        ledger = ApprovalLedger(store: store, environment: environment)
        approvals = ApprovalHandlers(store: store, ledger: ledger, references: references)
        policies = PolicyHandlers(store: store, references: references)
        stream = ApprovalStream(store: store, feed: Watermark(environment.outbox.last.value))
    }

    public var consumers: [EventConsumer] {
        let goals = GoalEvents(ledger: ledger)
        let memories = MemoryEvents(ledger: ledger)
        return [
            environment.consumer(of: .goals) { try goals.apply($0, in: $1) },
            environment.consumer(of: .memory) { try memories.apply($0, in: $1) },
        ]
    }

    /// Follows the outbox for the streams, and applies `on_expiry` when its time comes.
    public func runInBackground() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    let seen = stream.feed.value
                    let last = try await environment.outbox.last.wait(past: seen, within: .seconds(3600))
                    stream.feed.advance(to: last)
                    if seen == ApprovalStream.ended { return }
                }
            }
            group.addTask { try await expire() }
            try await group.waitForAll()
        }
    }

    /// Ends the streams, each with its final event.
    public func drain(within limit: Duration) async { stream.feed.advance(to: ApprovalStream.ended) }

    private func expire() async throws {
        while true {
            // Taken first: what is added while this looks wakes it again.
            let seen = environment.outbox.last.value
            do {
                let next = try await environment.database.read { [store = ledger.store] in try store.nextExpiry(in: $0) }
                let seconds = next.map { $0.seconds(since: environment.clock.now()) } ?? ApprovalsService.expiryCheckMax
                if seconds <= 0 {
                    try await environment.database.write { [ledger] in try ledger.expire(in: $0) }
                    continue
                }
                _ = try await environment.outbox.last.wait(
                    past: seen, within: .seconds(min(seconds, ApprovalsService.expiryCheckMax)))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                environment.log.error("expiring approvals failed", ["cause": "\(error)"])
                try await EventLoop.sleep(for: ApprovalsService.expiryRetry)
            }
        }
    }
}
