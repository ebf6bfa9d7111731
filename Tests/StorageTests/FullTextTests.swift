import Models
import Storage
import Testing

struct FullTextTests {
    let index = FullTextIndex("notes", columns: ["title", "content"], weights: [4, 1])
    var migrations: [Migration] { [Migration("notes", index.schema)] + Robot.migrations }

    private func ids(
        _ input: String, _ match: FullTextIndex.Match = .all, workspace: String = "w", in database: Database
    ) async throws -> [String] {
        try await database.readLong { try index.search(input, match, workspace: workspace, limit: 10, in: $0).map(\.id) }
    }

    @Test func theBestMatchComesFirst() async throws {
        try await withDatabase(migrations) { database in
            try await database.write { transaction in
                try index.upsert("a", ["Deploying", "How the release is deployed to staging"], workspace: "w", in: transaction)
                try index.upsert("b", ["Café", "Espresso before a deploy; naïve tests"], workspace: "w", in: transaction)
                try index.upsert("c", ["Deploying", "another workspace"], workspace: "v", in: transaction)
            }
            #expect(try await ids("deploy", in: database) == ["a", "b"])
            #expect(try await ids("deploying staging", in: database) == ["a"])
            #expect(try await ids("espresso staging", in: database) == [])
            #expect(try await ids("espresso staging", .any, in: database).sorted() == ["a", "b"])
            #expect(try await ids("CAFE", in: database) == ["b"])
            #expect(try await ids("espr", in: database) == ["b"])
            #expect(try await ids("deploy", workspace: "v", in: database) == ["c"])
            #expect(try await ids("w77", in: database) == [])
            let hits = try await database.readLong { try index.search("staging", workspace: "w", limit: 10, in: $0) }
            #expect(hits.first?.snippet.contains("staging") == true && hits.first.map { $0.score > 0 } == true)
        }
    }

    @Test func aReplacedTextIsFoundByItsNewWordsOnly() async throws {
        try await withDatabase(migrations) { database in
            try await database.write { try index.upsert("a", ["old", "words"], workspace: "w", in: $0) }
            try await database.write { try index.upsert("a", ["new", "terms"], workspace: "w", in: $0) }
            #expect(try await ids("words", in: database) == [])
            #expect(try await ids("terms", in: database) == ["a"])
            #expect(try await database.write { try index.delete("a", workspace: "w", in: $0) })
            #expect(try await !database.write { try index.delete("a", workspace: "w", in: $0) })
            #expect(try await ids("terms", in: database) == [])
        }
    }

    @Test func filtersOfADocumentTableNarrowASearch() async throws {
        try await withDatabase(migrations) { database in
            try await fill(database, 4) { Robot(id: "robot_\($0)", slug: "r\($0)", status: $0 < 2 ? .idle : .active) }
            try await database.write { transaction in
                for number in 0..<4 { try index.upsert("robot_\(number)", ["same", "text"], workspace: "w", in: transaction) }
            }
            let idle = try await database.readLong {
                try index.search(
                    "same", workspace: "w", table: "robots", filters: [.equals("status", "idle")], limit: 10, in: $0
                ).map(\.id)
            }
            #expect(idle == ["robot_0", "robot_1"])
            let rest = try await database.readLong { try index.search("same", workspace: "w", limit: 2, offset: 3, in: $0) }
            #expect(rest.map(\.id) == ["robot_3"])
        }
    }

    @Test func aSearchIsSortedByTheIndexItself() async throws {
        try await withDatabase(migrations) { database in
            let plan = try await database.read { reader in
                let recorder = PlanRecorder(reader)
                _ = try index.search(
                    "word", workspace: "w", table: "robots", filters: [.equals("status", "idle")], limit: 3, in: recorder)
                return recorder.plans.joined()
            }
            #expect(plan.contains("VIRTUAL TABLE") && !plan.contains("TEMP B-TREE"))
        }
    }

    @Test func noInputIsASyntaxError() async throws {
        let hostile = [
            "", " ", "\"", "\"\"", "'", "a\"b", "AND", "OR NOT", "NEAR(a b)", "a AND", "title:x", "title : x", "{a b} : c", "^a",
            "a*", "*",
            "-a", "a - b", "(", ")", "((a)", "a + b", "a\0b", "\0", "%", ";", "--", "/*", "\\", "a\\", "é", "日本語", "👩‍👩‍👧", "\u{301}",
            "e\u{301}",
            "\u{FFFD}", "𞤀", "①", "½", "rank", "rowid", "workspace:w77", String(repeating: "a ", count: 5000),
            String(repeating: "z", count: 100_000), String(repeating: "(", count: 3000), "\u{202E}abc", "a\nb\tc\r", "ǅ", "٣",
        ]
        try await withDatabase(migrations) { database in
            try await database.write { try index.upsert("a", ["a b c", "日本語 é 1"], workspace: "w", in: $0) }
            for input in hostile {
                _ = try await ids(input, in: database)
                _ = try await ids(input, .any, in: database)
            }
            for input in ["a\"b", "日本語", "e\u{301}"] { #expect(try await ids(input, in: database) == ["a"]) }
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<2000 {
                let length = Int.random(in: 0..<12, using: &generator)
                let input = String(
                    String.UnicodeScalarView(
                        (0..<length).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0..<(Bool.random() ? 128 : 0x2FFFF))) }))
                _ = try await ids(input, in: database)
            }
        }
    }
}
