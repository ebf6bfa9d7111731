import HTTP
import Models
import Processes
import SuiteTesting
import Testing

/// What the answers to `GET /approvals-api` and `GET /tasks-api` look like.
struct ApprovalPage: Decodable {
    let approvals: [Approval]
}

struct TaskPage: Decodable {
    let tasks: [AgentTask]
}

/// A goal with the tasks that were drafted from it.
struct DraftedGoal: Decodable {
    let goal: Goal
    let tasks: [AgentTask]
}

/// A repository, a project and an agent that does what its tasks' blocks say.
struct Workplace: Sendable {
    let suite: SuiteProcess
    let token: String
    let repository: String
    let project: Project

    init(_ suite: SuiteProcess, timeoutMinutes: Double = 5) async throws {
        self.suite = suite
        token = try await suite.token()
        repository = TestBench.makeFolder()
        let setup = """
            git init -q -b main . && echo hello > README && git add . &&
            git -c user.name=Test -c user.email=test@nexus.invalid commit -qm Begin
            """
        _ = try await Workplace.shell(setup, in: repository, suite)
        let made = try await suite.send(
            .post, "/api/projects", json: #"{"name":"Nexus","repo_url":"\#(repository)"}"#, token: token)
        #expect(made.status == 201, "\(made.text)")
        project = try made.decoded(Project.self)
        let agent = try await suite.send(
            .post, "/agents-api",
            json: """
                {"name":"Doer","model":{"provider":"runbook"},"permissions":{"can_commit":true},
                "runtime":{"timeout_minutes":\(timeoutMinutes)}}
                """, token: token)
        #expect(agent.status == 201, "\(agent.text)")
    }

    func goal(_ description: String) async throws -> DraftedGoal {
        struct Body: Encodable {
            var projectID = "nexus"
            var agentID = "agent_doer"
            var title = "Release 1.2"
            let description: String

            enum CodingKeys: String, CodingKey { case projectID = "project_id", agentID = "agent_id", title, description }
        }
        let body = try JSON.encode(Body(description: description))
        let answer = try await suite.send(.post, "/goals-api", body: body, token: token)
        #expect(answer.status == 201, "\(answer.text)")
        return try answer.decoded(DraftedGoal.self)
    }

    /// Approves a goal's plan in the queue.
    func approve(_ goal: DraftedGoal) async throws {
        let pending = try await suite.send(.get, "/approvals-api?status=pending", token: token)
        let approval = try #require(
            try pending.decoded(ApprovalPage.self).approvals.first { $0.subjectID == goal.goal.id }, "\(pending.text)")
        let answer = try await suite.send(.post, "/approvals-api/\(approval.id)/approve", token: token)
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// The task of that title, once it is as wanted.
    func task(_ title: String, of goal: DraftedGoal, _ isDone: (AgentTask) -> Bool = { _ in true }) async throws -> AgentTask {
        let id = try #require(goal.tasks.first { $0.title == title }?.id)
        let answer = try await suite.eventually("/tasks-api/\(id)", token: token) { isDone(try $0.decoded(AgentTask.self)) }
        return try answer.decoded(AgentTask.self)
    }

    /// The lines of a run that has ended.
    func lines(of run: String, query: String) async throws -> [LogLine] {
        let answer = try await suite.send(
            .get, "/runs-api/\(run)/logs\(query)", headers: [("accept", "application/x-ndjson")], token: token)
        return try answer.text.split(separator: "\n").filter { $0.contains("\"seq\"") }.map {
            try JSON.decode(LogLine.self, from: Array($0.utf8))
        }
    }

    func expectColumn(_ status: String, holds titles: Set<String>) async throws {
        let answer = try await suite.eventually("/board-api?project_id=nexus", token: token) { answer in
            Set(try Workplace.titles(in: status, of: answer)) == titles
        }
        #expect(Set(try Workplace.titles(in: status, of: answer)) == titles, "\(answer.text)")
    }

    private static func titles(in status: String, of answer: TestAnswer) throws -> [String] {
        try answer.decoded(Board.self).columns.first { $0.status == status }?.cards.map(\.title) ?? []
    }

    @discardableResult
    func git(_ arguments: String...) async throws -> String {
        try await Workplace.shell("git " + arguments.map { "'\($0)'" }.joined(separator: " "), in: repository, suite)
    }

    /// Commits a new file.
    func commit(file: String, to branch: String) async throws {
        let script = """
            git checkout -q \(branch) && touch \(file) && git add \(file) &&
            git -c user.name=Test -c user.email=test@nexus.invalid commit -qm 'Add \(file)'
            """
        _ = try await Workplace.shell(script, in: repository, suite)
    }

    /// How many processes have this command line.
    func processes(matching command: String) async throws -> Int {
        let text = try await Workplace.shell("ps -eo args= | grep -cx '\(command)' || true", in: "/", suite)
        return Int(text.split(separator: "\n").first ?? "0") ?? 0
    }

    /// Asks until it is so, at most for ten seconds.
    func until(_ isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while try await !isSo() {
            guard ContinuousClock.now < end else {
                Issue.record("it did not come about within ten seconds")
                return
            }
        }
    }

    @discardableResult
    static func shell(_ script: String, in folder: String, _ suite: SuiteProcess) async throws -> String {
        let finished = try await suite.onLoop {
            try await Subprocess.run(
                Command(
                    "/bin/sh", ["-c", script], environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp"],
                    workingDirectory: folder))
        }
        #expect(finished.exit.isSuccess, "\(finished.errorText)")
        return finished.outputText
    }
}
