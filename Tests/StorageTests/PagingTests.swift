import Models
import Storage
import Testing

struct PagingTests {
    static let orders: [[Order]] = [
        [.ascending("created_at")], [.descending("created_at")], [.ascending("rank")], [.descending("rank")],
        [.ascending("status"), .descending("rank")], [.descending("status"), .ascending("rank")],
        [.descending("rank"), .descending("note"), .ascending("slug")], [.descending("id")], [],
    ]

    /// What a whole list gives, in the order that SQLite itself makes.
    private func expected(_ order: [Order], in database: Database) async throws -> [String] {
        let direction = order.last?.isAscending == false ? "DESC" : "ASC"
        let terms = order.map { "\($0.column) \($0.isAscending ? "ASC" : "DESC")" } + ["id \(direction)"]
        return try await database.read {
            try $0.all("SELECT id FROM robots WHERE workspace_id = 'w' ORDER BY \(terms.joined(separator: ", "))") { $0.text(0) }
        }
    }

    private func pages(_ query: ListQuery, in database: Database, between: () async throws -> Void = {}) async throws -> [String]
    {
        var query = query
        var ids: [String] = []
        repeat {
            let now = query
            let page = try await database.read { try Robot.table.list(now, workspace: "w", in: $0) }
            #expect(page.items.count == query.limit || page.nextCursor == nil)
            ids += page.items.map(\.id)
            query.cursor = page.nextCursor
            try await between()
        } while query.cursor != nil
        return ids
    }

    private func fillUnevenly(_ database: Database) async throws {
        try await fill(database, 61) { number in
            Robot(
                id: "robot_\((number * 37) % 61)", slug: "r\(number)", status: [.active, .idle, .retired][number % 3],
                rank: number % 4 == 0 ? nil : number % 5, note: number % 7 == 0 ? "note" : nil)
        }
    }

    @Test(arguments: orders) func pagesInAnyOrderAreTheWholeListCutUp(_ order: [Order]) async throws {
        try await withDatabase(Robot.migrations) { database in
            try await fillUnevenly(database)
            let whole = try await expected(order, in: database)
            for limit in [1, 2, 7, 60, 61, 62] {
                #expect(try await pages(ListQuery(order: order, limit: limit), in: database) == whole)
            }
        }
    }

    @Test func insertsMeanwhileNeitherRepeatNorHideWhatWasThere() async throws {
        try await withDatabase(Robot.migrations) { database in
            try await fillUnevenly(database)
            let before = try await expected([.descending("created_at")], in: database)
            let turn = Counter()
            let seen = try await pages(ListQuery(limit: 5), in: database) {
                turn.add(1)
                let number = turn.value
                try await database.write { transaction in
                    let young = Robot(id: "robot_young_\(number)", slug: "young\(number)")
                    let old = Robot(id: "robot_old_\(number)", slug: "old\(number)")
                    try Robot.table.insert(young, workspace: "w", at: moment.adding(seconds: 60), in: transaction)
                    try Robot.table.insert(old, workspace: "w", at: moment.adding(seconds: 0.005), in: transaction)
                }
            }
            #expect(seen.filter { before.contains($0) } == before)
            #expect(Set(seen).count == seen.count && !seen.contains { $0.hasPrefix("robot_young") })
        }
    }

    @Test func everyRangeOfAPageIsASeekInAnIndex() async throws {
        try await withDatabase(Robot.migrations) { database in
            try await fillUnevenly(database)
            let byIndex: [ListQuery] = [
                ListQuery(limit: 3), ListQuery(order: [.ascending("rank")], limit: 3),
                ListQuery(order: [.descending("rank")], limit: 3),
                ListQuery(filters: [.equals("status", "idle")], limit: 3),
                ListQuery(filters: [.equals("status", "idle")], order: [.descending("rank")], limit: 3),
                ListQuery(order: [.ascending("slug")], limit: 3),
            ]
            for query in byIndex {
                let plans = try await database.read { reader in
                    let recorder = PlanRecorder(reader)
                    var query = query
                    repeat {
                        query.cursor = try Robot.table.list(query, workspace: "w", in: recorder).nextCursor
                    } while query.cursor != nil
                    return recorder.plans
                }
                #expect(!plans.isEmpty)
                for plan in plans {
                    #expect(plan.contains("SEARCH") && !plan.contains("SCAN") && !plan.contains("FOR ORDER BY"))
                }
            }
        }
    }

    @Test func aCursorOfAnotherOrderAndGarbageAreRefused() async throws {
        try await withDatabase(Robot.migrations) { database in
            try await fillUnevenly(database)
            let query = ListQuery(order: [.ascending("rank")], limit: 3)
            let cursor = try #require(try await database.read { try Robot.table.list(query, workspace: "w", in: $0).nextCursor })
            let wrong: [(String, [Order])] = [
                (cursor, [.descending("rank")]), (cursor, [.ascending("status")]), (cursor + "A", [.ascending("rank")]),
                (String(cursor.dropLast()), [.ascending("rank")]), ("", [.ascending("rank")]), ("!", [.ascending("rank")]),
                ("AAAA", [.ascending("rank")]), (String(repeating: "A", count: 5000), [.ascending("rank")]),
                ("é", [.ascending("rank")]),
            ]
            for (text, order) in wrong {
                await #expect {
                    try await database.read { reader in
                        let query = ListQuery(order: order, limit: 3, cursor: text)
                        return try Robot.table.list(query, workspace: "w", in: reader).items.count
                    }
                } throws: {
                    ($0 as? ServiceError)?.kind == .validation && ($0 as? ServiceError)?.field == "cursor"
                }
            }
        }
    }
}

/// Runs statements as its reader does, and keeps what SQLite planned for each.
final class PlanRecorder: SQLReader {
    private let reader: Reader
    private(set) var plans: [String] = []

    init(_ reader: Reader) { self.reader = reader }

    func query(_ sql: String, arguments: [(any SQLBindable)?], _ row: (Row) throws -> Bool) throws {
        plans.append(try reader.all("EXPLAIN QUERY PLAN \(sql)", arguments: arguments) { $0.text(3) }.joined(separator: "; "))
        try reader.query(sql, arguments: arguments, row)
    }
}
