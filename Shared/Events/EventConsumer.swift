import JSONCoding
import Loops
import Models
import Storage

/// Tails another service's outbox and applies each event once: the cursor is committed together with the effect.
///
/// At least once on the wire, exactly once in effect. An event whose effect keeps failing is put aside in `dead_events`
/// with its error, so that one bad event cannot hold up all that follow.
public struct EventConsumer: Sendable {
    /// How long one question waits for news.
    static let waitSeconds = 25
    static let batchMax = 200
    /// A source that has nothing and does not wait either is not asked again before this time has passed.
    static let pause = Duration.milliseconds(50)
    /// After a page with so many events there are more to come; they are left to gather for a moment, so that they cost one
    /// question and one commit together.
    static let crowd = 16
    static let gathering = Duration.milliseconds(5)
    /// Tries at one event before it is put aside.
    static let triesMax = 5

    /// Without events to apply for so many sequences, the cursor is committed all the same: after a restart not much more than
    /// that is looked at again.
    static let uncommittedMax: Int64 = 10_000

    public let source: ServiceName
    let database: Database
    let fetch: @Sendable (_ after: Int64, _ limit: Int, _ waitSeconds: Int) async throws -> EventPage
    let select: @Sendable ([Event]) async throws -> [Event]
    let apply: @Sendable (Event, Transaction) throws -> Void
    let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - fetch: asks the source's feed, as `Outbox.page` answers it.
    ///   - select: leaves out events that certainly have no effect, before a transaction is begun for them.
    ///   - apply: the effect of one event, in the transaction that also moves the cursor.
    ///   - report: tells the log of failures.
    public init(
        of source: ServiceName, database: Database,
        fetch: @escaping @Sendable (_ after: Int64, _ limit: Int, _ waitSeconds: Int) async throws -> EventPage,
        select: @escaping @Sendable ([Event]) async throws -> [Event] = { $0 },
        apply: @escaping @Sendable (Event, Transaction) throws -> Void, report: @escaping @Sendable (String) -> Void
    ) {
        self.source = source
        self.database = database
        self.fetch = fetch
        self.select = select
        self.apply = apply
        self.report = report
    }

    /// Consumes until the task is cancelled. A source that is down is asked again, after 50 ms and then less and less often (1
    /// s).
    public func run() async {
        var delay = Duration.milliseconds(50)
        var tries = 0
        var progress: Progress?
        while !Task.isCancelled {
            do {
                progress = try await step(from: progress, tries: tries)
                delay = .milliseconds(50)
                tries = 0
            } catch is CancellationError {
                return
            } catch {
                // What was committed is in the database, and read again.
                progress = nil
                if !(error is ServiceError) || (error as? ServiceError)?.kind == .internal {
                    tries += 1
                    report("events of \(source.rawValue): \(error)")
                }
                // A cancelled sleep ends the loop by its condition.
                try? await EventLoop.sleep(for: delay)
                delay = min(delay * 2, .seconds(1))
            }
        }
    }

    /// How far the consumer is, and how far it would be again after a restart: events without an effect are not worth a commit.
    private struct Progress {
        var position: Int64
        var committed: Int64
    }

    /// Takes one page.
    private func step(from progress: Progress?, tries: Int) async throws -> Progress {
        var now: Progress
        if let progress {
            now = progress
        } else {
            let position = try await position()
            now = Progress(position: position, committed: position)
        }
        let asked = ContinuousClock.now
        let page = try await fetch(now.position, EventConsumer.batchMax, EventConsumer.waitSeconds)
        if page.events.isEmpty, asked.duration(to: .now) < EventConsumer.pause {
            try await EventLoop.sleep(for: EventConsumer.pause)
        }
        let reached = max(page.last, page.events.last?.sequence ?? 0, now.position)
        let events = try await select(page.events)
        let isQuiet = page.events.isEmpty && reached > now.committed
        if !events.isEmpty || isQuiet || reached - now.committed > EventConsumer.uncommittedMax {
            try await take(events, upTo: reached, tries: tries)
            now.committed = reached
        }
        now.position = reached
        if page.events.count >= EventConsumer.crowd, page.events.count < EventConsumer.batchMax {
            try await EventLoop.sleep(for: EventConsumer.gathering)
        }
        return now
    }

    private func position() async throws -> Int64 {
        try await database.read { [source] in
            try $0.one("SELECT position FROM cursors WHERE source = ?", source.rawValue) { $0.int(0) } ?? 0
        }
    }

    /// Applies a batch in one transaction; after failures, event by event, so that the bad one is found.
    private func take(_ events: [Event], upTo reached: Int64, tries: Int) async throws {
        if tries == 0 {
            try await database.write { transaction in
                for event in events { try apply(event, transaction) }
                try move(to: reached, in: transaction)
            }
            return
        }
        for event in events {
            do {
                try await database.write { transaction in
                    try apply(event, transaction)
                    try move(to: event.sequence, in: transaction)
                }
            } catch  where tries >= EventConsumer.triesMax {
                report("event \(event.sequence) of \(source.rawValue) is put aside: \(error)")
                let bytes = try JSON.encode(event)
                let problem = "\(error)"
                try await database.write { transaction in
                    _ = try transaction.run(
                        "INSERT OR REPLACE INTO dead_events (source, sequence, error, event) VALUES (?, ?, ?, ?)",
                        source.rawValue, event.sequence, problem, bytes)
                    try move(to: event.sequence, in: transaction)
                }
            }
        }
        try await database.write { try move(to: reached, in: $0) }
    }

    private func move(to sequence: Int64, in transaction: Transaction) throws {
        _ = try transaction.run(
            "INSERT INTO cursors (source, position) VALUES (?, ?) "
                + "ON CONFLICT (source) DO UPDATE SET position = excluded.position",
            source.rawValue, sequence)
    }
}
