import Client
import HTTP
import Models
import Testing

@testable import Gateway

/// `GET /events`.
@Suite(.timeLimit(.minutes(2)))
struct FeedStreamTests {
    /// What a test looks at in an event's data.
    private struct Message: Decodable, Equatable {
        let type: String
        let channel: String
        let subject: String
        let payload: JSONValue

        enum CodingKeys: String, CodingKey { case type, channel, subject = "subject_id", payload }
    }

    private func messages(_ events: [ReceivedEvent]) throws -> [Message] {
        try events.map { try JSON.decode(Message.self, from: Array($0.data.utf8)) }
    }

    private func subjects(_ events: [ReceivedEvent]) throws -> [String] { try messages(events).map(\.subject) }

    @Test func eventsOfAllServicesArriveOnceAndAsTheyAreTold() async throws {
        let bench = try await FeedBench()
        try await bench.tell(.board, "issue.created", "before")
        let reader = try await bench.stream(bearer: try bench.token())
        try await bench.tell(.board, "issue.created", "i1", data: #"{"title":"one\n"}"#)
        _ = await reader.events(1)
        try await bench.tell(.runs, "run.started", "r1", in: "elsewhere")
        try await bench.tell(.tasks, "task.created", "t1")
        let events = await reader.events(2)
        #expect(events.map(\.event) == ["issue.created", "task.created"])
        #expect(Set(events.map(\.id)).count == 2)
        let first = try #require(try messages(events).first)
        #expect(first.type == "issue.created")
        #expect(first.channel == "workspace:default")
        #expect(first.subject == "i1")
        #expect(first.payload == .object(["title": .string("one\n")]))
        reader.close()
        #expect(await reader.rest().count == 2)
        try await bench.stop()
    }

    @Test func resumingAfterAnyEventGivesExactlyTheRestAlsoAfterARestartOfTheGateway() async throws {
        let bench = try await FeedBench()
        let services: [ServiceName] = [.board, .tasks, .runs]
        let reader = try await bench.stream(bearer: try bench.token())
        let began = reader.lastID
        for number in 1...12 {
            try await bench.tell(services[number % 3], "some.thing", "s\(number)", in: number % 4 == 0 ? "elsewhere" : "default")
        }
        let all = await reader.events(9)
        let expected = try subjects(all)
        #expect(Set(expected).count == 9)
        for isRestarted in [false, true] {
            for (index, id) in ([began] + all.map(\.id)).enumerated() {
                let again = try await bench.stream(bearer: try bench.token(), after: id)
                try await bench.tell(.goals, "an.end", "end")
                let rest = try subjects(await again.events(expected.count - index + 1))
                let told = rest.prefix { $0 != "end" }
                #expect(Set(told) == Set(expected[index...]), "after \(index), restarted: \(isRestarted)")
                #expect(told.count == expected.count - index)
                for service in 0..<3 {
                    let own = told.filter { (Int($0.dropFirst()) ?? 0) % 3 == service }
                    #expect(own == expected[index...].filter { (Int($0.dropFirst()) ?? 0) % 3 == service })
                }
                again.close()
            }
            if !isRestarted {
                reader.close()
                try await bench.stopGateway()
                try await bench.start()
            }
        }
        try await bench.stop()
    }

    @Test func aSlowReaderIsCaughtUpWithoutAGapAndHoldsUpNobody() async throws {
        let bench = try await FeedBench()
        let slow = try await bench.stream(bearer: try bench.token())
        let quick = try await bench.stream(bearer: try bench.token())
        slow.pause()
        let data = "{\"text\":\"" + String(repeating: "x", count: 2000) + "\"}"
        let count = FeedChannel.eventsMax * 4
        try await bench.tellMany(.board, "issue.updated", count, data: data)
        #expect(try subjects(await quick.events(count)) == (1...count).map { "m\($0)" })
        slow.resume()
        #expect(try subjects(await slow.events(count)) == (1...count).map { "m\($0)" })
        quick.close()
        slow.close()
        try await bench.stop()
    }

    @Test func aServiceThatIsNotThereAtFirstIsHeardOfWithWhatItToldMeanwhile() async throws {
        let bench = try await FeedBench(absent: [.board])
        try await bench.tell(.board, "issue.created", "long ago")
        let reader = try await bench.stream(bearer: try bench.token())
        try await bench.tell(.tasks, "task.created", "t1")
        #expect(try subjects(await reader.events(1)) == ["t1"])
        try await bench.tell(.board, "issue.created", "i1")
        let id = reader.lastID
        reader.close()
        let again = try await bench.stream(bearer: try bench.token(), after: id)
        bench.appear(.board)
        // What was told within the skew of clocks before the feed began may come too.
        let found = try subjects(await again.events(2)).filter { $0 != "long ago" }
        #expect(found.first == "i1")
        again.close()
        try await bench.stop()
    }

    @Test func aStreamMayBeOfSomeTypesOrOneProject() async throws {
        let bench = try await FeedBench()
        let types = try await bench.stream("?types=issue.*,run.started", bearer: try bench.token())
        let project = try await bench.stream("?project_id=p", bearer: try bench.token())
        try await bench.tell(.board, "issue.created", "i1")
        try await bench.tell(.runs, "run.finished", "r1")
        try await bench.tell(.runs, "run.started", "r2", project: "x_p")
        try await bench.tell(.goals, "project.updated", "x_p")
        #expect(Set(try subjects(await types.events(2))) == ["i1", "r2"])
        #expect(Set(try subjects(await project.events(2))) == ["r2", "x_p"])
        types.close()
        project.close()
        try await bench.stop()
    }

    @Test func nobodyHearsOfWhatTheyMayNotRead() async throws {
        let bench = try await FeedBench()
        let viewer = try await bench.stream(bearer: try bench.token())
        let admin = try await bench.stream(bearer: try bench.token(.admin))
        let scoped = try await bench.stream(bearer: try await bench.key(role: "viewer", scopes: ["runs:read"]))
        try await bench.tell(.board, "integration.created", "secret")
        try await bench.tell(.webhooks, "endpoint.created", "secret too")
        try await bench.tell(.board, "issue.created", "i1")
        try await bench.tell(.runs, "run.started", "r1")
        #expect(Set(try subjects(await admin.events(4))) == ["secret", "secret too", "i1", "r1"])
        #expect(Set(try subjects(await viewer.events(2))) == ["i1", "r1"])
        #expect(try subjects(await scoped.events(1)) == ["r1"])
        for reader in [viewer, admin, scoped] { reader.close() }
        #expect(await viewer.rest().count == 2)
        #expect(await scoped.rest().count == 1)
        try await bench.stop()
    }

    @Test func aRevokedKeyHearsNothingMore() async throws {
        let bench = try await FeedBench()
        let made = try await bench.makeKey(role: "viewer")
        let reader = try await bench.stream(bearer: made.key)
        try await bench.tell(.board, "issue.created", "i1")
        _ = await reader.events(1)
        let deleted = try await bench.send(.delete, "/auth/api-keys/\(made.id)", bearer: try bench.token(.owner))
        #expect(deleted.status == 204)
        try await bench.tell(.board, "issue.created", "i2")
        #expect(await reader.rest().map(\.event) == ["issue.created", "end"])
        try await bench.stop()
    }

    @Test func aStreamEndsProperlyWhenTheGatewayDoes() async throws {
        let bench = try await FeedBench()
        let reader = try await bench.stream(bearer: try bench.token())
        try await bench.tell(.board, "issue.created", "i1")
        _ = await reader.events(1)
        try await bench.stopGateway()
        #expect(await reader.rest().count == 1)
        try await bench.stop()
    }

    @Test func aStreamCanBeginWithAllThatIsKept() async throws {
        let bench = try await FeedBench()
        for number in 1...130 { try await bench.tell(number % 2 == 0 ? .board : .tasks, "some.thing", "s\(number)") }
        let reader = try await bench.stream("?after=0", bearer: try bench.token())
        let found = try subjects(await reader.events(130)).compactMap { Int($0.dropFirst()) }
        #expect(Set(found) == Set(1...130))
        #expect(found.count == 130)
        for rest in 0...1 { #expect(found.filter { $0 % 2 == rest } == found.filter { $0 % 2 == rest }.sorted()) }
        reader.close()
        try await bench.stop()
    }

    @Test(arguments: [
        ("?types=Nonsense", 400), ("?after=-1", 400), ("?project_id=nothing", 400), ("?project_id=a/b", 400),
        ("?workspace_id=elsewhere", 403),
    ])
    func whatCannotBeStreamedIsRefused(_ query: String, _ status: UInt16) async throws {
        let bench = try await FeedBench()
        let answer = try await bench.send(.get, "/events" + query, bearer: try bench.token())
        #expect(answer.status == status, "\(answer.text)")
        #expect(try await bench.send(.get, "/events" + query).status == 401)
        try await bench.stop()
    }
}
