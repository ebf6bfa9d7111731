import Models
import Storage
import Testing

struct MigrationTests {
    static let first = Migration("first", "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1)")
    static let second = Migration("second", "CREATE TABLE b (id INTEGER PRIMARY KEY)")

    /// Opens the database with each list in turn; gives the error of the last.
    private func opening(_ lists: [[Migration]]) async throws -> ServiceError? {
        try await withFolder { folder in
            for (index, list) in lists.enumerated() {
                do {
                    try Database(path: "\(folder)/a/b/test.db", migrations: list).close()
                } catch let error as ServiceError where index == lists.count - 1 {
                    return error
                }
            }
            return nil
        }
    }

    @Test func eachIsAppliedOnce() async throws {
        let third = Migration("third", "INSERT INTO a VALUES (2)")
        #expect(try await opening([[Self.first], [Self.first, Self.second], [Self.first, Self.second, third]]) == nil)
    }

    @Test func anUnknownOneARenamedOneAndAReorderedOneAreRefused() async throws {
        let unknown = try await opening([[Self.first, Self.second], [Self.first]])
        #expect(unknown?.cause?.contains("does not know its migration \"second\"") == true)
        let reordered = try await opening([[Self.first, Self.second], [Self.second, Self.first]])
        #expect(reordered?.cause?.contains("migration 1 is \"first\"") == true)
        let edited = try await opening([[Self.first], [Migration("first", "CREATE TABLE other (id)")]])
        #expect(edited?.cause?.contains("\"first\" was changed") == true)
        #expect(try await opening([[Self.second], [Migration("second", "CREATE  TABLE b\n(id INTEGER PRIMARY KEY)")]]) == nil)
    }

    @Test func aFailingOneLeavesNothingBehindAndIsTriedAgain() async throws {
        let broken = Migration("broken", "CREATE TABLE c (id); CREATE TABLE c (id)")
        #expect(try await opening([[Self.first, broken]])?.cause?.contains("migration \"broken\"") == true)
        try await withFolder { folder in
            #expect(throws: ServiceError.self) { try Database(path: "\(folder)/test.db", migrations: [Self.first, broken]) }
            let repaired = Migration("broken", "CREATE TABLE c (id)")
            try Database(path: "\(folder)/test.db", migrations: [Self.first, repaired]).close()
        }
    }

    @Test func oneThatEndsItsTransactionOrBreaksAForeignKeyIsRefused() async throws {
        #expect(
            try await opening([[Migration("m", "CREATE TABLE c (id); COMMIT")]])?.cause?.contains("ends the transaction") == true)
        let orphan = Migration(
            "orphan", "CREATE TABLE p (id PRIMARY KEY); CREATE TABLE q (p REFERENCES p (id)); INSERT INTO q VALUES (1)")
        #expect(try await opening([[orphan]])?.cause?.contains("foreign key of table q") == true)
    }

    @Test func theFileAndItsFolderAreTheOwnersAlone() async throws {
        try await withFolder { folder in
            let database = try Database(path: "\(folder)/made/test.db", migrations: [Self.first])
            defer { database.close() }
            #expect(mode(of: "\(folder)/made") == 0o700)
            for file in ["test.db", "test.db-wal", "test.db-shm"] { #expect(mode(of: "\(folder)/made/\(file)") == 0o600) }
        }
    }

    @Test func whatIsNoDatabaseIsAnErrorThatSaysSo() async throws {
        try await withFolder { folder in
            try write(
                "this is not a database, whatever its name says: " + String(repeating: "x", count: 4096), to: "\(folder)/x.db")
            #expect { try Database(path: "\(folder)/x.db", migrations: [Self.first]) } throws: {
                ($0 as? ServiceError)?.cause?.contains("not a database") == true
            }
        }
    }
}
