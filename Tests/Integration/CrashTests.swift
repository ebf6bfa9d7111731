import HTTP
import Models
import SuiteTesting
import Synchronization
import Testing

/// Whatever is killed, whenever: nothing acknowledged is lost or done twice.
@Suite(.serialized) struct CrashTests {
    /// How many writers write at once.
    static let writers = 8
    /// How often the suite is killed.
    static let kills = 20

    @Test func noAcknowledgedWriteIsLostOrDoubledByTwentyKills() async throws {
        let suite = try await SuiteProcess(options: ["--drain", "2s"])
        let token = try await suite.token()
        let acknowledged = Acknowledged()
        for round in 0..<Self.kills {
            let killAfter = Int.random(in: 20...200)
            let before = acknowledged.titles.count
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<Self.writers {
                    group.addTask {
                        for number in 0..<10_000 {
                            let title = "round \(round) writer \(writer) number \(number)"
                            // try?: the request that the kill cuts off is not acknowledged, which is all that counts here.
                            guard
                                let answer = try? await suite.send(
                                    .post, "/tasks-api", json: #"{"title":"\#(title)"}"#, token: token),
                                answer.status == 201, let task = try? answer.decoded(AgentTask.self)
                            else { return }
                            acknowledged.add(task.id, title)
                        }
                    }
                }
                group.addTask {
                    while acknowledged.titles.count < before + killAfter { await Task.yield() }
                    await suite.kill()
                }
            }
            try await suite.restart()
        }
        let kept = try await allTasks(suite, token)
        let expected = acknowledged.titles
        #expect(expected.count > Self.kills * 20)
        for (id, title) in expected { #expect(kept[id] == title) }
        #expect(Set(kept.values).count == kept.count, "a title is stored twice")
        await suite.stop()
    }

    @Test func anActiveRunOutlivesTheSuiteAndEndsWithOneOutcome() async throws {
        let suite = try await SuiteProcess(options: ["--lease", "3s", "--heartbeat", "1s"])
        let work = try await Workplace(suite)
        let goal = try await work.goal(
            "- [ ] Last\n  ```sh\n  while ! test -e /tmp/nexus-go-$NEXUS_RUN_ID; do sleep 0.05; done; echo went on\n  ```")
        try await work.approve(goal)
        let task = try await work.task("Last", of: goal) { $0.status == .running }
        let run = try #require(task.runID)
        await suite.kill()
        try await suite.restart()
        try await Workplace.shell("touch /tmp/nexus-go-\(run)", in: "/tmp", suite)
        let end = try await suite.eventually("/runs-api/\(run)", token: work.token) {
            try $0.decoded(Run.self).status.isFinal
        }
        #expect(try end.decoded(Run.self).status == .succeeded, "\(end.text)")
        let ended = try await work.task("Last", of: goal) { $0.status == .completed }
        #expect(ended.status == .completed)
        #expect(ended.runs == 1)
        let lines = try await work.lines(of: run, query: "")
        #expect(lines.map(\.seq) == Array(1...Int64(lines.count)))
        #expect(lines.filter { $0.text == "went on" }.count == 1)
        try await Workplace.shell("rm -f /tmp/nexus-go-\(run)", in: "/tmp", suite)
        await suite.stop()
    }

    @Test func aKilledRunnerIsFoundLostAndTriedAgain() async throws {
        let suite = try await SuiteProcess(options: ["--lease", "3s", "--heartbeat", "1s"])
        let work = try await Workplace(suite)
        let script = "if ! test -e $HOME/../../tried; then touch $HOME/../../tried; kill -9 $PPID; sleep 30; fi; echo second"
        let goal = try await work.goal("- [ ] Twice\n  ```sh\n  \(script)\n  ```")
        try await work.approve(goal)
        let ended = try await work.task("Twice", of: goal) { $0.status == .completed || $0.status == .failed }
        let answer = try await suite.send(.get, "/runs-api/\(try #require(ended.runID))", token: work.token)
        let run = try answer.decoded(Run.self)
        #expect(run.status == .succeeded, "\(answer.text)")
        #expect(run.attempt == 2)
        await suite.stop()
    }

    @Test func everyServiceKilledInTurnComesBackByItself() async throws {
        let suite = try await SuiteProcess(separate: true)
        let token = try await suite.token()
        for name in ServiceName.allCases.map({ "\($0.rawValue)-api" }) + ["gateway"] {
            // In brackets, so that the pattern does not find the shell that asks.
            let pattern = "[\(name.prefix(1))]\(name.dropFirst()) --data \(suite.folder)"
            try await Workplace.shell("pkill -9 -f -- '\(pattern)'", in: "/", suite)
            let answer = try await suite.patiently(.get, "/readyz") { $0.status == 200 }
            #expect(answer?.status == 200, "\(name): \(answer?.text ?? "no answer")")
        }
        #expect(try await suite.send(.get, "/agents-api", token: token).status == 200)
        await suite.stop()
        let left = try await Workplace.shell("pgrep -f -- '[-]-data \(suite.folder)' | wc -l", in: "/", suite)
        #expect(left.split(separator: "\n").first == "0", "\(left)")
    }

    private func allTasks(_ suite: SuiteProcess, _ token: String) async throws -> [String: String] {
        struct Page: Decodable {
            let tasks: [AgentTask]
            let nextCursor: String?

            enum CodingKeys: String, CodingKey { case tasks, nextCursor = "next_cursor" }
        }
        var all: [String: String] = [:]
        var cursor: String?
        repeat {
            let target = "/tasks-api?limit=200" + (cursor.map { "&cursor=\($0)" } ?? "")
            let page = try await suite.send(.get, target, token: token).decoded(Page.self)
            for task in page.tasks { all[task.id] = task.title }
            cursor = page.nextCursor
        } while cursor != nil
        return all
    }
}

/// What was acknowledged: ids and titles.
private final class Acknowledged: Sendable {
    private let known = Mutex<[String: String]>([:])

    var titles: [String: String] { known.withLock { $0 } }

    func add(_ id: String, _ title: String) { known.withLock { $0[id] = title } }
}

extension SuiteProcess {
    /// Asks until the answer is as wanted, through the times in which nobody answers; nil when nobody ever did.
    func patiently(_ method: HTTP.Method, _ target: String, _ isDone: (TestAnswer) -> Bool) async throws -> TestAnswer? {
        let end = ContinuousClock.now + .seconds(20)
        var last: TestAnswer?
        while ContinuousClock.now < end {
            // try?: a gateway that is being started again does not answer.
            if let answer = try? await send(method, target) {
                last = answer
                if isDone(answer) { return answer }
            }
        }
        return last
    }
}
