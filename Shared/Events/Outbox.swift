import Models
import Storage
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a service tells the others: rows written in the same transaction as the change that they tell of.
///
/// Readers tail it by sequence, which the one writer hands out in commit order, so a reader that has seen `n` has missed nothing
/// before it. A reader's next question acknowledges what it has taken; `settled` waits for that, which is how a caller reads its
/// own writes in another service.
public final class Outbox: Sendable {
    /// The tables of an outbox and of the cursors of this service's own consumers; every service's first migration.
    public static let migration = Migration(
        "events",
        """
        CREATE TABLE outbox (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            type TEXT NOT NULL,
            workspace_id TEXT NOT NULL,
            project_id TEXT,
            subject_id TEXT NOT NULL,
            time INTEGER NOT NULL,
            event BLOB NOT NULL
        );
        CREATE INDEX outbox_time ON outbox (time);
        CREATE TABLE cursors (
            source TEXT PRIMARY KEY,
            position INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE dead_events (
            source TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            error TEXT NOT NULL,
            event BLOB NOT NULL,
            PRIMARY KEY (source, sequence)
        ) WITHOUT ROWID;
        """)
    /// Most events in one answer of the feed.
    public static let pageMax = 500
    /// Events looked at in one read, also when few of them are wanted: it is done on a loop, and must be short.
    static let scanMax: Int64 = 5000
    /// Events older than this many seconds (7 days) are dropped; a resumable reader that was away for longer starts at the oldest
    /// kept.
    public static let retentionSeconds: Double = 7 * 86_400

    /// The service's name, as events carry it.
    public let service: String
    /// The sequence of the last committed event.
    public let last: Watermark
    private let database: Database
    private let readers = Mutex<[String: Reader]>([:])
    private let isEnding = Mutex(false)

    /// A consumer with a cursor: how far it is, and when it last asked.
    private struct Reader {
        let position = Watermark()
        var lastAsked: ContinuousClock.Instant
    }

    /// A consumer that has not asked for this long is down (it asks every 25 s at least), and no answer waits for it.
    static let presence = Duration.seconds(30)

    public init(service: String, database: Database) async throws {
        self.service = service
        self.database = database
        let sequence = try await database.read { try $0.one("SELECT coalesce(max(sequence), 0) FROM outbox") { $0.int(0) } }
        last = Watermark(sequence ?? 0)
    }

    /// Adds an event to the transaction; readers are woken once it is committed.
    /// - Parameter data: the entity after the change, as encoded JSON.
    /// - Returns: the event's sequence.
    @discardableResult
    public func append(
        _ type: String, subject: String, workspace: String, project: String? = nil, actor: Actor? = nil, at time: Timestamp,
        data: [UInt8], in transaction: Transaction
    ) throws -> Int64 {
        let id = Identifier.make("evt", at: time)
        let event = try EventEncoding.encode(
            id: id, type: type, service: service, workspace: workspace, project: project, subject: subject, time: time,
            actor: actor,
            data: data)
        _ = try transaction.run(
            "INSERT INTO outbox (id, type, workspace_id, project_id, subject_id, time, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
            id, type, workspace, project, subject, time, event)
        let sequence = try transaction.one("SELECT last_insert_rowid()") { $0.int(0) } ?? 0
        transaction.afterCommit { [last] in last.advance(to: sequence) }
        return sequence
    }

    /// One page of the feed, as `{"events":[…],"last":N}`, after waiting for something to be there.
    /// - Parameters:
    ///   - after: the last sequence that the reader has.
    ///   - types: the types that the reader wants; none for all. The others are passed over here, and count as taken.
    ///   - workspace: whose events the reader wants; nil for everyone's.
    ///   - consumer: the reader's name when it keeps a cursor; asking after `n` acknowledges `n`.
    ///   - wait: how long to wait when there is nothing yet.
    public func page(
        after start: Int64, limit: Int, types: [String] = [], workspace: String? = nil, consumer: String?, wait: Duration
    ) async throws -> [UInt8] {
        let end = ContinuousClock.now + wait
        let limit = min(limit, Outbox.pageMax)
        var after = start
        while true {
            if let consumer { acknowledge(after, by: consumer) }
            let left = ContinuousClock.now.duration(to: end)
            let mayWait = left > .zero && !isEnding.withLock { $0 }
            if last.value <= after, mayWait { _ = try await last.wait(past: after, within: left) }
            // Committed before the read begins, so the read sees all of it.
            let committed = min(max(last.value, after), after + Outbox.scanMax)
            let rows = try await rows(after: after, upTo: committed, limit: limit, types: types, workspace: workspace)
            let reached = rows.count < limit ? committed : rows[limit - 1].sequence
            if !rows.isEmpty || reached == after || !mayWait { return EventEncoding.page(rows, start: start, last: reached) }
            after = reached
        }
    }

    private func rows(
        after: Int64, upTo last: Int64, limit: Int, types: [String], workspace: String?
    ) async throws -> [(sequence: Int64, event: [UInt8])] {
        guard last > after else { return [] }
        let wanted =
            (types.isEmpty ? "" : " AND type IN (\(types.map { _ in "?" }.joined(separator: ", ")))")
            + (workspace == nil ? "" : " AND workspace_id = ?")
        let arguments: [any SQLBindable] = [after, last] + types + (workspace.map { [$0] } ?? []) + [limit]
        return try await database.read {
            try $0.all(
                "SELECT sequence, event FROM outbox WHERE sequence > ? AND sequence <= ?\(wanted) ORDER BY sequence LIMIT ?",
                arguments: arguments
            ) { (sequence: $0.int(0), event: $0.bytes(1)) }
        }
    }

    /// How many events each reader that keeps a cursor has yet to take.
    public var lags: [(consumer: String, events: Int64)] {
        let last = last.value
        return readers.withLock { $0.map { ($0.key, max(0, last - $0.value.position.value)) } }
    }

    /// The sequence after which a reader has everything that was told since `time`.
    public func sequence(before time: Timestamp) async throws -> Int64 {
        let found = try await database.read {
            try $0.one("SELECT coalesce(max(sequence), 0) FROM outbox WHERE time < ?", time) { $0.int(0) }
        }
        return found ?? 0
    }

    /// Answers at once whoever waits for news, now and from now on: the service is about to end.
    public func endWaits() {
        isEnding.withLock { $0 = true }
        last.wakeAll()
    }

    /// Waits until each of `consumers` that is there has acknowledged the event `sequence`, at most for `limit`.
    ///
    /// An answer to a client then shows in the other services too. When one of them is down the effect follows once it is back:
    /// the event is not lost.
    @discardableResult
    public func settled(_ sequence: Int64, by consumers: [ServiceName], within limit: Duration = .seconds(2)) async -> Bool {
        var isSettled = true
        for consumer in consumers {
            guard let position = position(of: consumer.rawValue) else {
                isSettled = false
                continue
            }
            // try?: a cancelled wait is an unsettled one; the caller's own cancellation shows elsewhere.
            let reached = (try? await position.wait(past: sequence - 1, within: limit)) ?? 0
            isSettled = isSettled && reached >= sequence
        }
        return isSettled
    }

    /// Drops events past their retention.
    public func prune(now: Timestamp) async throws {
        let limit = now.adding(seconds: -Outbox.retentionSeconds)
        _ = try await database.write { try $0.run("DELETE FROM outbox WHERE time < ?", limit) }
    }

    private func acknowledge(_ sequence: Int64, by consumer: String) {
        let position = readers.withLock { table in
            table[consumer, default: Reader(lastAsked: .now)].lastAsked = .now
            return table[consumer]?.position
        }
        position?.advance(to: sequence)
    }

    private func position(of consumer: String) -> Watermark? {
        readers.withLock { table in
            guard let reader = table[consumer], reader.lastAsked.duration(to: .now) < Outbox.presence else { return nil }
            return reader.position
        }
    }
}
