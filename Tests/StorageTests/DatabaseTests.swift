import Models
import Storage
import Testing

struct DatabaseTests {
    static let items = [Migration("items", "CREATE TABLE items (id TEXT PRIMARY KEY, amount INTEGER NOT NULL)")]

    @Test func aWriteIsReadBack() async throws {
        try await withDatabase(Self.items) { database in
            let changed = try await database.write { try $0.run("INSERT INTO items VALUES (?, ?), (?, ?)", "a", 1, "b", 2) }
            #expect(changed == 2)
            let amounts = try await database.read { try $0.all("SELECT amount FROM items ORDER BY id") { $0.int(0) } }
            #expect(amounts == [1, 2])
            #expect(try await database.read { try $0.one("SELECT 1 FROM items WHERE id = ?", "c") { $0.int(0) } } == nil)
        }
    }

    @Test func everyKindOfValueComesBackAsItWent() async throws {
        try await withDatabase([Migration("values", "CREATE TABLE kept (a, b, c, d, e, f, g, h)")]) { database in
            let absent: String? = nil
            try await database.write {
                try $0.run(
                    "INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?)", "tëxt", Int64.min, 1.5, true, [UInt8](), absent, moment,
                    Robot.Status.idle)
            }
            try await database.read { reader in
                try reader.each("SELECT * FROM kept") { row in
                    #expect(row.text(0) == "tëxt" && row.int(1) == .min && row.double(2) == 1.5 && row.bool(3))
                    #expect(row.bytesOrNil(4) == [] && row.textOrNil(5) == nil && row.timestamp(6) == moment)
                    #expect(row.text(7) == "idle" && row.intOrNil(5) == nil && row.doubleOrNil(5) == nil)
                }
            }
        }
    }

    @Test func manyConcurrentWritersShareCommits() async throws {
        try await withDatabase(Self.items) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<64 {
                    group.addTask {
                        for turn in 0..<20 {
                            try await database.write { try $0.run("INSERT INTO items VALUES (?, 0)", "\(writer).\(turn)") }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let statistics = database.statistics
            #expect(statistics.writes == 1280 && statistics.failedWrites == 0 && statistics.queueDepth == 0)
            #expect(statistics.batches < 640 && statistics.largestBatch > 1)
            #expect(try await database.read { try $0.one("SELECT count(*) FROM items") { $0.int(0) } } == 1280)
        }
    }

    @Test func anErrorUndoesItsOwnWriteAndNoOther() async throws {
        try await withDatabase(Self.items) { database in
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        do {
                            try await database.write { transaction in
                                try transaction.run("INSERT INTO items VALUES (?, ?)", "item \(number)", number)
                                if number % 3 == 0 { throw ServiceError.conflict("no thirds") }
                            }
                            return true
                        } catch {
                            #expect(error as? ServiceError == .conflict("no thirds"))
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(outcomes == 66)
            let thirds = "SELECT count(*), sum(amount % 3 = 0) FROM items"
            let counts = try await database.read { try $0.one(thirds) { [$0.int(0), $0.int(1)] } }
            #expect(counts == [66, 0])
        }
    }

    @Test func aWriteRunsItsAfterCommitBlocksBeforeItReturnsAndOnlyWhenItSucceeds() async throws {
        try await withDatabase(Self.items) { database in
            let heard = Counter()
            try await database.write { $0.afterCommit { heard.add(1) } }
            #expect(heard.value == 1)
            await #expect(throws: ServiceError.self) {
                try await database.write { transaction in
                    transaction.afterCommit { heard.add(100) }
                    throw ServiceError.forbidden("no")
                }
            }
            #expect(heard.value == 1)
        }
    }

    @Test func brokenConstraintsAreTyped() async throws {
        let schema = Migration(
            "all",
            """
            CREATE TABLE parents (id TEXT PRIMARY KEY, kind TEXT, label TEXT, UNIQUE (kind, label));
            CREATE TABLE children (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL REFERENCES parents (id));
            """)
        try await withDatabase([schema]) { database in
            try await database.write { try $0.run("INSERT INTO parents VALUES ('p', 'k', 'l')") }
            await #expect(throws: StorageError.uniqueViolation(["id"])) {
                try await database.write { try $0.run("INSERT INTO parents VALUES ('p', 'x', 'y')") }
            }
            await #expect(throws: StorageError.uniqueViolation(["kind", "label"])) {
                try await database.write { try $0.run("INSERT INTO parents VALUES ('q', 'k', 'l')") }
            }
            await #expect(throws: StorageError.foreignKeyViolation) {
                try await database.write { try $0.run("INSERT INTO children VALUES ('c', 'nobody')") }
            }
            await #expect { try await database.write { try $0.run("INSERT INTO nowhere VALUES (1)") } } throws: {
                ($0 as? ServiceError)?.kind == .internal && ($0 as? ServiceError)?.cause?.contains("nowhere") == true
            }
        }
    }
}
