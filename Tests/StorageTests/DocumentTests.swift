import Models
import Storage
import Testing

struct DocumentTests {
    let table = Robot.table

    @Test func anInsertedEntityIsFoundByIdAndBySlug() async throws {
        try await withDatabase(Robot.migrations) { database in
            let robot = Robot(id: "robot_1", slug: "one", note: "a/b")
            let inserted = try await database.write { try table.insert(robot, workspace: "w", at: moment, in: $0) }
            #expect(try inserted.model() == robot && inserted.updatedAt == moment)
            #expect(String(decoding: inserted.bytes, as: UTF8.self).contains("\"a/b\""))
            for reference in ["robot_1", "one"] {
                let found = try await database.read { try table.get(reference, workspace: "w", in: $0) }
                #expect(found.bytes == inserted.bytes && found.etag == inserted.etag && found.id == "robot_1")
            }
            #expect(try await database.read { try table.find("one", workspace: "other", in: $0) } == nil)
            await #expect(throws: ServiceError.notFound("robot")) {
                try await database.read { try table.get("two", workspace: "w", in: $0).id }
            }
        }
    }

    @Test func aTakenSlugIsAConflictThatNamesIt() async throws {
        try await withDatabase(Robot.migrations) { database in
            try await database.write { try table.insert(Robot(id: "robot_1", slug: "one"), workspace: "w", at: moment, in: $0) }
            try await database.write { try table.insert(Robot(id: "robot_1", slug: "one"), workspace: "v", at: moment, in: $0) }
            let conflict = ServiceError.conflict("a robot with slug \"one\" exists already", code: "slug_taken")
            for id in ["robot_1", "robot_2"] {
                await #expect(throws: conflict) {
                    try await database.write {
                        try table.insert(Robot(id: id, slug: "one"), workspace: "w", at: moment, in: $0).id
                    }
                }
            }
            await #expect(throws: ServiceError.conflict("a robot with id \"robot_1\" exists already", code: "id_taken")) {
                try await database.write {
                    try table.insert(Robot(id: "robot_1", slug: "other"), workspace: "w", at: moment, in: $0).id
                }
            }
        }
    }

    @Test func aReplacementIsFencedByTheVersion() async throws {
        try await withDatabase(Robot.migrations) { database in
            let first = try await database.write {
                try table.insert(Robot(id: "robot_1", slug: "one"), workspace: "w", at: moment, in: $0)
            }
            let changed = Robot(id: "robot_1", slug: "uno", status: .idle)
            let second = try await database.write { try table.replace(first, with: changed, at: moment, in: $0) }
            #expect(second.version > first.version && second.etag != first.etag)
            await #expect {
                try await database.write { try table.replace(first, with: changed, at: moment, in: $0).id }
            } throws: {
                ($0 as? ServiceError)?.code == "stale"
            }
            #expect(try await database.read { try table.get("uno", workspace: "w", in: $0).model() } == changed)
            #expect(try await database.read { try table.find("one", workspace: "w", in: $0) } == nil)
            #expect(try await database.write { try table.delete("robot_1", workspace: "w", in: $0) })
            #expect(try await !database.write { try table.delete("robot_1", workspace: "w", in: $0) })
            await #expect(throws: ServiceError.notFound("robot")) {
                try await database.write { try table.replace(second, with: changed, at: moment, in: $0).id }
            }
        }
    }

    @Test func anEntityMadeAnewHasAnotherTag() async throws {
        try await withDatabase(Robot.migrations) { database in
            var tags: Set<String> = []
            for _ in 0..<10 {
                let stored = try await database.write { transaction in
                    try table.delete("robot_1", workspace: "w", in: transaction)
                    return try table.insert(Robot(id: "robot_1", slug: "one"), workspace: "w", at: moment, in: transaction)
                }
                tags.insert(stored.etag)
            }
            #expect(tags.count == 10 && tags.allSatisfy { $0.hasPrefix("\"") && $0.hasSuffix("\"") })
        }
    }

    @Test func filtersSelectAndCount() async throws {
        try await withDatabase(Robot.migrations) { database in
            try await fill(database, 10) { number in
                Robot(
                    id: "robot_\(number)", slug: "r\(number)", status: number % 2 == 0 ? .active : .idle,
                    rank: number < 5 ? number : nil, note: ["50%", "5_0", "under_score", "back\\slash", nil][number % 5])
            }
            func ids(_ filters: Filter...) async throws -> [String] {
                let query = ListQuery(filters: filters, order: [.ascending("slug")])
                return try await database.read { try table.list(query, workspace: "w", in: $0).items.map(\.id) }
            }
            #expect(try await ids(.equals("status", Robot.Status.idle), .less("rank", 4)) == ["robot_1", "robot_3"])
            #expect(try await ids(.equals("rank", nil)).count == 5)
            #expect(try await ids(.differs("rank", 0)).count == 9)
            #expect(try await ids(.differs("rank", nil)).count == 5)
            #expect(try await ids(.isIn("id", ["robot_2", "robot_7", "nobody"])) == ["robot_2", "robot_7"])
            #expect(try await ids(.isIn("id", [])) == [])
            #expect(try await ids(.contains("note", "0%")) == ["robot_0", "robot_5"])
            #expect(try await ids(.contains("note", "R_S")) == ["robot_2", "robot_7"])
            #expect(try await ids(.contains("note", "\\")) == ["robot_3", "robot_8"])
            #expect(try await ids(.hasPrefix("note", "5")).count == 4)
            #expect(try await ids(.greater("rank", 3)) == ["robot_4"])
            #expect(try await ids(.atLeast("rank", 3)).count == 2)
            #expect(try await ids(.atMost("rank", 0)) == ["robot_0"])
            #expect(try await ids(.sql("d.rank + 1 = ?", [2])) == ["robot_1"])
            let idle = try await database.read { try table.count([.equals("status", "idle")], workspace: "w", in: $0) }
            #expect(idle == 5)
            #expect(try await database.read { try table.count(workspace: "other", in: $0) } == 0)
        }
    }

    @Test func aPageIsSplicedFromStoredBytes() async throws {
        try await withDatabase(Robot.migrations) { database in
            let empty = try await database.read { try table.list(ListQuery(), workspace: "w", in: $0) }
            #expect(String(decoding: empty.bytes(plural: "robots"), as: UTF8.self) == #"{"robots":[],"next_cursor":null}"#)
            try await fill(database, 3) { Robot(id: "robot_\($0)", slug: "r\($0)") }
            let page = try await database.read { try table.list(ListQuery(limit: 2), workspace: "w", in: $0) }
            struct Answer: Decodable {
                let robots: [Robot]
                let nextCursor: String?
                enum CodingKeys: String, CodingKey { case robots, nextCursor = "next_cursor" }
            }
            let answer = try DocumentCoding.decode(Answer.self, from: page.bytes(plural: "robots"))
            #expect(answer.robots.map(\.slug) == ["r2", "r1"] && answer.nextCursor == page.nextCursor && page.nextCursor != nil)
            #expect(try DocumentCoding.decode([Robot].self, from: page.arrayBytes()) == answer.robots)
        }
    }

    @Test func anUnknownColumnNeverReachesTheStatement() async throws {
        try await withDatabase(Robot.migrations) { database in
            for query in [ListQuery(filters: [.equals("1=1; --", 1)]), ListQuery(order: [.ascending("random()")])] {
                await #expect { try await database.read { try table.list(query, workspace: "w", in: $0).items.count } } throws: {
                    ($0 as? ServiceError)?.kind == .internal
                }
            }
        }
    }

    @Test func theSchemaIsStableText() {
        #expect(
            Robot.table.schema == """
                CREATE TABLE robots (
                    workspace_id TEXT NOT NULL,
                    id TEXT NOT NULL,
                    version BIGINT NOT NULL,
                    created_at BIGINT NOT NULL,
                    updated_at BIGINT NOT NULL,
                    slug TEXT,
                    status TEXT,
                    rank INTEGER,
                    note TEXT,
                    document TEXT NOT NULL,
                    PRIMARY KEY (workspace_id, id)
                );
                CREATE INDEX robots_by_created_at ON robots (workspace_id, created_at, id);
                CREATE UNIQUE INDEX robots_slug_unique ON robots (workspace_id, slug);
                CREATE INDEX robots_by_status_created_at ON robots (workspace_id, status, created_at, id);
                CREATE INDEX robots_by_rank ON robots (workspace_id, rank, id);
                CREATE INDEX robots_by_status_rank ON robots (workspace_id, status, rank, id);
                """)
    }
}

/// Inserts `count` robots into workspace `w`, each a millisecond younger than the one before.
func fill(_ database: Database, _ count: Int, _ robot: @escaping @Sendable (Int) -> Robot) async throws {
    try await database.write { transaction in
        for number in 0..<count {
            try Robot.table.insert(
                robot(number), workspace: "w", at: moment.adding(seconds: Double(number) / 1000), in: transaction)
        }
    }
}
