import Loops
import Models
import Storage
import Testing

struct ReadingTests {
    /// Counts for minutes unless it is stopped.
    static let endless =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT sum(i) FROM n"

    @Test func aLoopReadsOnItsOwnThreadWithoutAHop() async throws {
        let group = try EventLoopGroup(count: 2)
        defer { group.shutdown() }
        try await withDatabase(DatabaseTests.items) { database in
            try await database.write { try $0.run("INSERT INTO items VALUES ('a', 1)") }
            for loop in group.loops + group.loops {
                let wasOnLoop = try await loop.task {
                    try await database.read { reader in
                        try reader.one("SELECT amount FROM items") { $0.int(0) } == 1 && loop.isCurrent
                    }
                }.value
                #expect(wasOnLoop)
            }
        }
    }

    @Test func aLoopSeesWhatItsOwnWriteChanged() async throws {
        let group = try EventLoopGroup(count: 1)
        defer { group.shutdown() }
        try await withDatabase(DatabaseTests.items) { database in
            let seen = try await group.loops[0].task {
                var seen: [Int64] = []
                for number in 0..<50 {
                    try await database.write { try $0.run("INSERT INTO items VALUES (?, 0)", "item \(number)") }
                    seen.append(try await database.read { try $0.one("SELECT count(*) FROM items") { $0.int(0) } } ?? 0)
                }
                return seen
            }.value
            #expect(seen == Array(1...50))
        }
    }

    @Test func aReadSeesOneSnapshot() async throws {
        try await withDatabase(DatabaseTests.items) { database in
            let hasCounted = Signal()
            let hasWritten = Signal()
            async let counts = database.readLong { reader in
                let first = try reader.one("SELECT count(*) FROM items") { $0.int(0) }
                hasCounted.set()
                hasWritten.block()
                return [first, try reader.one("SELECT count(*) FROM items") { $0.int(0) }]
            }
            await hasCounted.wait()
            try await database.write { try $0.run("INSERT INTO items VALUES ('a', 1)") }
            hasWritten.set()
            let both = try await counts
            #expect(both == [0, 0])
        }
    }

    @Test func aCancelledLongReadStops() async throws {
        try await withDatabase([]) { database in
            let hasStarted = Signal()
            let task = Task {
                try await database.readLong { reader in
                    hasStarted.set()
                    return try reader.one(Self.endless) { $0.int(0) }
                }
            }
            await hasStarted.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let one = try await database.readLong { try $0.one("SELECT 1") { $0.int(0) } }
            #expect(one == 1)
        }
    }

    @Test func aLongReadHasADeadline() async throws {
        try await withDatabase([]) { database in
            await #expect { try await database.readLong(seconds: 0.05) { try $0.one(Self.endless) { $0.int(0) } } } throws: {
                ($0 as? ServiceError)?.kind == .timeout
            }
            let one = try await database.readLong { try $0.one("SELECT 1") { $0.int(0) } }
            #expect(one == 1)
        }
    }

    @Test func aReaderCannotWrite() async throws {
        try await withDatabase(DatabaseTests.items) { database in
            await #expect(throws: ServiceError.self) {
                try await database.read { try $0.all("INSERT INTO items VALUES ('a', 1)") { $0.int(0) } }
            }
        }
    }

    @Test func theSameStatementMayRunWithinItself() async throws {
        try await withDatabase(DatabaseTests.items) { database in
            let pairs = try await database.write { transaction in
                for id in ["a", "b", "c"] { try transaction.run("INSERT INTO items VALUES (?, 0)", id) }
                let ids = "SELECT id FROM items ORDER BY id"
                return try transaction.all(ids) { outer in
                    outer.text(0) + (try transaction.all(ids) { $0.text(0) }.joined()) + outer.text(0)
                }
            }
            #expect(pairs == ["aabca", "babcb", "cabcc"])
        }
    }
}
