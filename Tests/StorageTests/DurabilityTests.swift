import Models
import Storage
import Testing

#if canImport(Glibc)
    import Glibc
#endif

struct DurabilityTests {
    static let kept = [Migration("kept", "CREATE TABLE kept (id TEXT PRIMARY KEY, amount INTEGER NOT NULL)")]
    static let rounds = 12

    /// Processes that write from many tasks and note every acknowledged write in a file are killed, again and again, in the
    /// midst of it.
    @Test func noAcknowledgedWriteIsLostToKill() async throws {
        try await withFolder { folder in
            for round in 0..<Self.rounds {
                await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, round = round as Int] in
                    try await Self.writeUntilKilled(in: folder, round: round)
                }
            }
            let noted = try String(decoding: contents(of: "\(folder)/acknowledged"), as: UTF8.self).split(separator: "\n").map(
                String.init)
            let database = try Database(path: "\(folder)/test.db", migrations: Self.kept)
            defer { database.close() }
            let found = try await database.read { try Set($0.all("SELECT id FROM kept") { $0.text(0) }) }
            #expect(noted.count >= Self.rounds * 20)
            #expect(noted.filter { !found.contains($0) } == [])
            #expect(try await database.read { try $0.one("PRAGMA integrity_check") { $0.text(0) } } == "ok")
            // Each write is two rows, and never one of them.
            #expect(
                try await database.read { try $0.one("SELECT count(*) FROM kept WHERE amount = 1") { $0.int(0) } }
                    == Int64(found.count / 2))
        }
    }

    @Test func theWriteAheadLogStaysSmall() async throws {
        try await withFolder { folder in
            let database = try Database(
                path: "\(folder)/test.db", migrations: [Migration("blobs", "CREATE TABLE blobs (content BLOB)")])
            defer { database.close() }
            for _ in 0..<200 {
                try await database.write { transaction in
                    for _ in 0..<40 { try transaction.run("INSERT INTO blobs VALUES (zeroblob(4000))") }
                }
                _ = try await database.read { try $0.one("SELECT count(*) FROM blobs") { $0.int(0) } }
            }
            let log = try contents(of: "\(folder)/test.db-wal").count
            let statistics = database.statistics
            #expect(log < 12 << 20 && statistics.failedCheckpoints == 0)
            #expect((4...40).contains(statistics.checkpoints))
        }
    }

    private static func writeUntilKilled(in folder: String, round: Int) async throws {
        let database = try Database(path: "\(folder)/test.db", migrations: kept)
        let note = open("\(folder)/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let acknowledged = Counter()
        let last = 20 + round * 83
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for turn in 0... {
                        let id = "\(round).\(task).\(turn)"
                        try await database.write { transaction in
                            try transaction.run("INSERT INTO kept VALUES (?, 1)", id)
                            try transaction.run("INSERT INTO kept VALUES (?, 2)", id + " too")
                        }
                        let line = Array("\(id)\n".utf8)
                        precondition(Glibc.write(note, line, line.count) == line.count)
                        acknowledged.add(1)
                        if acknowledged.value >= last { kill(getpid(), SIGKILL) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
