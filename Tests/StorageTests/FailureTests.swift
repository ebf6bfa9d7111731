import Models
import Storage
import Testing

#if canImport(Glibc)
    import Glibc
#endif

struct FailureTests {
    static let blobs = [Migration("blobs", "CREATE TABLE blobs (id INTEGER PRIMARY KEY, content BLOB)")]

    private static func insert(_ bytes: Int) -> @Sendable (Transaction) throws -> Void {
        { try $0.run("INSERT INTO blobs (content) VALUES (zeroblob(?))", bytes) }
    }

    @Test func aFullDiskRefusesWritesWhileReadsGoOnAndEndsWhenThereIsSpace() async throws {
        var options = Database.Options()
        options.pageCountMax = 64
        try await withDatabase(Self.blobs, options: options) { database in
            var written = 0
            await #expect { while true { try await database.write(Self.insert(20_000)); written += 1 } } throws: {
                ($0 as? ServiceError)?.kind == .diskFull
            }
            let count = "SELECT count(*) FROM blobs"
            #expect(written > 0)
            #expect(try await database.read { try $0.one(count) { $0.int(0) } } == Int64(written))
            let isSmallRefused = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { await isDiskFull { try await database.write(Self.insert(200_000)) } } }
                return await group.allSatisfy { $0 }
            }
            #expect(isSmallRefused)
            try await database.write { try $0.run("DELETE FROM blobs WHERE id <= 2") }
            try await database.write(Self.insert(20_000))
            #expect(try await database.read { try $0.one(count) { $0.int(0) } } == Int64(written - 1))
        }
    }

    /// In a process of its own, whose files may not grow past 200 KB: the write-ahead log cannot be written.
    @Test func aCommitThatFailsFailsEveryWriteOfItsBatch() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            try await withDatabase(Self.blobs) { database in
                try await database.write(Self.insert(1000))
                var limit = rlimit(rlim_cur: 200_000, rlim_max: 200_000)
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                var accepted = 1
                var refused = 0
                for _ in 0..<30 {
                    let outcomes = await withTaskGroup(of: Bool.self) { group in
                        for _ in 0..<16 { group.addTask { await isDiskFull { try await database.write(Self.insert(3000)) } } }
                        return await group.reduce(into: [Bool]()) { $0.append($1) }
                    }
                    refused += outcomes.count { $0 }
                    accepted += outcomes.count { !$0 }
                }
                precondition(refused > 0 && accepted > 1)
                let count = try await database.read { try $0.one("SELECT count(*) FROM blobs") { $0.int(0) } }
                precondition(count == Int64(accepted))
            }
        }
    }

    @Test func aFullQueueRefusesAtOnce() async throws {
        var options = Database.Options()
        options.writesQueuedMax = 4
        try await withDatabase(Self.blobs, options: options) { database in
            let hasStarted = Signal()
            let mayEnd = Signal()
            async let first: Void = database.write { _ in
                hasStarted.set()
                mayEnd.block()
            }
            await hasStarted.wait()
            let refusals = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        do {
                            try await database.write(Self.insert(1))
                        } catch let error as ServiceError {
                            #expect(error.kind == .unavailable && error.retryAfterSeconds == 1)
                            refusals.add(1)
                            if refusals.value == 6 { mayEnd.set() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await first
            #expect(refusals.value == 6 && database.statistics.writes == 5)
        }
    }

    @Test func closingFinishesWhatWaitsAndRefusesWhatComes() async throws {
        try await withFolder { folder in
            let database = try Database(path: "\(folder)/test.db", migrations: Self.blobs)
            let writes = (0..<100).map { _ in Task { try await database.write(Self.insert(10)) } }
            for write in writes { _ = await write.result }
            database.close()
            database.close()
            for attempt in 0..<2 {
                await #expect {
                    if attempt == 0 { try await database.write(Self.insert(10)) } else { try await database.read { _ in } }
                } throws: {
                    ($0 as? ServiceError)?.kind == .unavailable
                }
            }
            let again = try Database(path: "\(folder)/test.db", migrations: Self.blobs)
            defer { again.close() }
            #expect(try await again.read { try $0.one("SELECT count(*) FROM blobs") { $0.int(0) } } == 100)
        }
    }

    @Test func aDatabaseThatAnotherProcessHoldsIsUnavailable() async throws {
        var options = Database.Options()
        options.busyMilliseconds = 20
        try await withFolder { [options] folder in
            let one = try Database(path: "\(folder)/test.db", migrations: Self.blobs, options: options)
            let other = try Database(path: "\(folder)/test.db", migrations: Self.blobs, options: options)
            defer { [one, other].forEach { $0.close() } }
            let hasStarted = Signal()
            let mayEnd = Signal()
            async let holding: Void = one.write { transaction in
                try Self.insert(1)(transaction)
                hasStarted.set()
                mayEnd.block()
            }
            await hasStarted.wait()
            await #expect { try await other.write(Self.insert(1)) } throws: { ($0 as? ServiceError)?.kind == .unavailable }
            mayEnd.set()
            try await holding
            try await other.write(Self.insert(1))
        }
    }
}

/// Whether `body` fails because the disk is full; anything else that it throws is a failure of the test.
private func isDiskFull(_ body: () async throws -> Void) async -> Bool {
    do {
        try await body()
        return false
    } catch {
        precondition((error as? ServiceError)?.kind == .diskFull, "\(error)")
        return true
    }
}
