import FoundationEssentials
import Glibc
import HTTP
import Models
import Testing

@testable import Runner

@Suite(.timeLimit(.minutes(1)))
struct ModelTests {
    /// An answer of a chat endpoint that calls tools.
    static func chat(_ text: String, _ calls: (String, String)..., tokens: Int = 10) -> String {
        let calls = calls.enumerated().map { index, call in
            let arguments = String(decoding: JSON.quoted(call.1), as: UTF8.self)
            return #"{"id":"call_\#(index)","type":"function","function":{"name":"\#(call.0)","arguments":\#(arguments)}}"#
        }
        let message = #"{"role":"assistant","content":"\#(text)","tool_calls":[\#(calls.joined(separator: ","))]}"#
        return
            #"{"choices":[{"message":\#(message),"finish_reason":"stop"}],"#
            + #""usage":{"prompt_tokens":\#(tokens),"completion_tokens":1}}"#
    }

    private static func model(_ provider: ModelProvider = .openai, url: String? = "here") -> AgentModel {
        AgentModel(provider: provider, model: "test-model", temperature: 0.2, baseURL: url, apiKeyRef: "MODEL_KEY")
    }

    private func run(
        _ answers: [(Status, String)], tools: [AgentTool] = [.shell],
        prepare: @escaping @Sendable (inout RunContext) -> Void = { _ in },
        check: @escaping @Sendable (RunFixture, RunResultReport) async throws -> Void
    ) async throws {
        try await RunFixture.with("Do it.") { context, _ in
            context.agent.model = ModelTests.model()
            context.agent.tools = tools
            prepare(&context)
        } body: { fixture in
            fixture.runs.state.withLock { $0.modelAnswers = answers.map { (status: $0.0, body: $0.1) } }
            _ = await fixture.run.run()
            try await check(fixture, try #require(fixture.runs.result))
        }
    }

    @Test func aModelWorksWithItsToolsUntilItFinishes() async throws {
        let answers: [(Status, String)] = [
            (
                200,
                ModelTests.chat(
                    "Let me see.", ("write_file", #"{"path":"sub/a.txt","content":"hello\n"}"#),
                    ("shell", #"{"command":"cat sub/a.txt; echo err >&2; exit 3"}"#))
            ),
            (200, ModelTests.chat("", ("read_file", #"{"path":"sub/a.txt"}"#), ("list_files", "{}"))),
            (200, ModelTests.chat("", ("finish", #"{"summary":"all done"}"#))),
        ]
        try await run(answers) { fixture, result in
            #expect(result.status == .succeeded && result.summary == "all done" && result.output == "hello\n")
            fixture.runs.state.withLock { state in
                #expect(state.usage == Usage(inputTokens: 30, outputTokens: 3))
                #expect(state.modelPaths == Array(repeating: "/v1/chat/completions Bearer key", count: 3))
                let first = state.modelRequests[0]
                #expect(first["model"] == "test-model" && first["temperature"] == .number(0.2))
                #expect(first["messages"]?.items[1]["content"]?.text?.contains("Do it.") == true)
                #expect(
                    first["tools"]?.items.compactMap { $0["function"]?["name"]?.text } == [
                        "shell", "read_file", "write_file", "list_files", "finish",
                    ])
                let results =
                    state.modelRequests[2]["messages"]?.items.filter { $0["role"] == "tool" }.compactMap { $0["content"]?.text }
                    ?? []
                #expect(results[0] == "written")
                #expect(results[1].hasPrefix("exit status 3\n") && results[1].contains("hello\n") && results[1].contains("err\n"))
                #expect(results[2...] == ["hello\n", "sub/a.txt"])
            }
            #expect(
                fixture.runs.texts.contains("model: Let me see.") && fixture.runs.texts.contains("tool: write_file: sub/a.txt"))
        }
    }

    @Test func theMessagesAPIIsSpokenToo() async throws {
        let answers: [(Status, String)] = [
            (
                200,
                #"{"content":[{"type":"text","text":"hm"},"#
                    + #"{"type":"tool_use","id":"t1","name":"make","input":{"arguments":["--version"]}}],"#
                    + #""stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":2}}"#
            ),
            (
                200,
                #"{"content":[{"type":"text","text":"It is there.\nMore."}],"#
                    + #""stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":2}}"#
            ),
        ]
        try await run(answers, tools: [.make]) { context in
            context.agent.model = ModelTests.model(.anthropic)
        } check: { fixture, result in
            #expect(result.status == .succeeded && result.summary == "It is there.")
            fixture.runs.state.withLock { state in
                #expect(state.modelPaths[0] == "/v1/messages key")
                #expect(state.modelRequests[0]["tools"]?.items.compactMap { $0["name"]?.text } == ["make", "finish"])
                let messages = state.modelRequests[1]["messages"]?.items ?? []
                #expect(messages.count == 3 && messages[1]["role"] == "assistant")
                #expect(messages[2]["content"]?.items[0]["tool_use_id"] == "t1")
                #expect(state.usage == Usage(inputTokens: 12, outputTokens: 4))
            }
        }
    }

    @Test func whatCannotBeAskedFailsTheRun() async throws {
        try await run([], prepare: { $0.agent.model.baseURL = nil }) { _, result in
            #expect(result.failure?.reason == .modelError && result.failure?.message.contains("no base_url") == true)
        }
        try await run([], prepare: { $0.agent.model.apiKeyRef = "NOT_GIVEN" }) { _, result in
            #expect(result.failure?.reason == .modelError && result.failure?.message.contains("NOT_GIVEN") == true)
        }
        try await run([], prepare: { $0.agent.model.baseURL = "http://127.0.0.1:1" }) { _, result in
            #expect(result.failure?.reason == .modelError)
        }
    }

    @Test(
        arguments: [(429, FailureReason.modelRateLimited, 3), (401, .modelError, 1), (503, .modelError, 3)]
            as [(UInt16, FailureReason, Int)])
    func anEndpointThatRefusesIsAskedAgainOnlyWhenThatMayHelp(status: UInt16, reason: FailureReason, tries: Int) async throws {
        let answers = Array(repeating: (Status(status), #"{"error":{"message":"not now"}}"#), count: 5)
        try await run(answers) { fixture, result in
            #expect(result.failure == Failure(reason, "the model's endpoint answered \(status): not now"))
            #expect(fixture.runs.state.withLock { $0.modelRequests.count } == tries)
        }
    }

    @Test func aModelThatCallsWhatIsNotThereIsToldAndThenGivenUp() async throws {
        let bad = [
            ModelTests.chat("", ("no_such_tool", "{}")), ModelTests.chat("", ("shell", "not json")),
            ModelTests.chat("", ("shell", "{}")),
            ModelTests.chat("", ("cargo", #"{"arguments":[]}"#)), ModelTests.chat("", ("shell", "[1]")),
        ]
        try await run(bad.map { (200, $0) }) { fixture, result in
            #expect(result.failure?.reason == .modelError)
            #expect(fixture.runs.state.withLock { $0.modelRequests.count } == 5)
        }
        // A mistake is forgotten once a call is right.
        let mended = [
            bad[0], bad[1], bad[2], bad[3], ModelTests.chat("", ("shell", #"{"command":"true"}"#)), bad[4],
            ModelTests.chat("done"),
        ]
        try await run(mended.map { (200, $0) }) { _, result in #expect(result.status == .succeeded && result.summary == "done") }
        try await run([(200, "[]")]) { _, result in #expect(result.failure?.reason == .modelError) }
    }

    @Test func aBudgetEndsTheRun() async throws {
        try await run([
            (200, ModelTests.chat("", ("shell", #"{"command":"true"}"#), tokens: 90)),
            (200, ModelTests.chat("", tokens: 90)),
        ]) {
            $0.agent.budget.maxTokensPerRun = 100
        } check: { fixture, result in
            #expect(result.failure == Failure(.overBudget, "182 tokens used, of 100 that the agent's budget allows"))
        }
    }

    @Test func aCommandThatTakesTooLongIsEndedAndTheModelGoesOn() async throws {
        let answers: [(Status, String)] = [
            (200, ModelTests.chat("", ("shell", #"{"command":"echo before; sleep 300","timeout_seconds":1}"#))),
            (200, ModelTests.chat("", ("shell", #"{"command":"echo after"}"#))),
            (200, ModelTests.chat("", ("finish", #"{"summary":"no","success":false}"#))),
        ]
        try await run(answers) { fixture, result in
            #expect(result.failure == Failure(.agentError, "no"))
            #expect(result.output == "before\nafter\n")
            let results = fixture.runs.state.withLock {
                $0.modelRequests[2]["messages"]?.items.compactMap { $0["content"]?.text } ?? []
            }
            #expect(results.contains("ended after 1 s\nbefore\n"))
        }
    }

    @Test func pathsThatLeadOutOfTheFolderAreRefused() throws {
        let folder = "/tmp/nexus-files-\(UInt32.random(in: 0 ... .max))"
        try Folder.make(folder + "/in/sub")
        defer { Folder.remove(folder) }
        try Folder.write("secret", to: folder + "/secret")
        try Folder.write("mine", to: folder + "/in/mine")
        #expect(
            symlink("../secret", folder + "/in/link") == 0 && symlink("..", folder + "/in/up") == 0
                && symlink("../new", folder + "/in/dangling") == 0)
        #expect(symlink("mine", folder + "/in/fine") == 0)
        let files = WorkingFiles(root: folder + "/in")
        for path in ["../secret", "/etc/passwd", "link", "up/secret", "sub/../../secret", "", ".", "dangling", "sub"] {
            #expect(throws: (any Error).self, "\(path)") { try files.read(path) }
        }
        for path in ["../x", "link", "up/x", "dangling", "/tmp/x", ""] {
            #expect(throws: (any Error).self, "\(path)") { try files.write("x", to: path) }
        }
        #expect(try files.read("./fine") == "mine")
        try files.write("new", to: "a/b/c")
        #expect(try files.read("a/b/c") == "new")
        #expect(try String(decoding: Data(contentsOf: URL(filePath: folder + "/secret")), as: UTF8.self) == "secret")
    }

    @Test func endpointsAreFoundFromTheirBase() {
        let chat = OpenAIDialect(), messages = AnthropicDialect()
        #expect(chat.url("http://h:1") == "http://h:1/v1/chat/completions")
        #expect(chat.url("http://h:1/v1/") == "http://h:1/v1/chat/completions")
        #expect(chat.url("https://h/api/openai") == "https://h/api/openai/chat/completions")
        #expect(messages.url("https://h") == "https://h/v1/messages")
        #expect(messages.url("https://h/v1") == "https://h/v1/messages")
    }
}
