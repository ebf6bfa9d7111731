import Testing

@testable import Runner

@Suite struct RunbookTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let blocks: [String]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "none", text: "Just words.\n\n    indented code", blocks: []),
        Case(name: "one", text: "Do:\n```sh\nmake\n```\n", blocks: ["sh|make\n"]),
        Case(name: "in order", text: "```sh\na\n```\ntext\n```bash\nb\nc\n```", blocks: ["sh|a\n", "bash|b\nc\n"]),
        Case(name: "other languages", text: "```python\nx\n```\n```\nplain\n```\n```sh\na\n```", blocks: ["sh|a\n"]),
        Case(name: "case and attributes", text: "```SH title=\"x\"\na\n```\n```Shell\nb\n```", blocks: ["sh|a\n", "sh|b\n"]),
        Case(name: "tildes", text: "~~~ sh\na\n```\nb\n~~~", blocks: ["sh|a\n```\nb\n"]),
        Case(name: "in a list item", text: "- [ ] Compile\n  ```sh\n  make\n    all\n  ```\n", blocks: ["sh|make\n  all\n"]),
        Case(name: "less indented inside", text: "    ```sh\n  make\n    ```", blocks: ["sh|make\n"]),
        Case(name: "longer fence", text: "````sh\na\n```\nb\n````", blocks: ["sh|a\n```\nb\n"]),
        Case(name: "an example", text: "````markdown\n```sh\nrm -rf x\n```\n````\n```sh\nok\n```", blocks: ["sh|ok\n"]),
        Case(name: "never closed", text: "```sh\na\nb", blocks: ["sh|a\nb\n"]),
        Case(name: "empty", text: "```sh\n\n  \n```\n```sh\na\n```", blocks: ["sh|a\n"]),
        Case(name: "inline code", text: "Use ```sh``` or ``` sh ` x", blocks: []),
        Case(name: "carriage returns", text: "```sh\r\na\r\nb\r\n```\r\n", blocks: ["sh|a\nb\n"]),
        Case(name: "closed with spaces", text: "```sh\na\n```   \n```sh\nb\n``` x\n```", blocks: ["sh|a\n", "sh|b\n``` x\n"]),
        Case(name: "here document", text: "```sh\ncat <<END\n  x\n\ny\nEND\n```", blocks: ["sh|cat <<END\n  x\n\ny\nEND\n"]),
    ]

    @Test(arguments: cases)
    func blocksAreFoundInOrder(_ example: Case) {
        #expect(Runbook(example.text).blocks.map { "\($0.shell.rawValue)|\($0.script)" } == example.blocks)
    }

    @Test func itemsAreFoundOutsideOfBlocks() {
        let text = "- [ ] one\n* [x] two\n  1. [X] three\n- [] no\n- [ ]no\n[ ] no\n- plain\n```sh\n- [ ] code\n```\n+ [ ]  four"
        #expect(Runbook(text).items.map { "\($0.isDone ? "x" : "-") \($0.text)" } == ["- one", "x two", "x three", "- four"])
    }

    @Test func aBlockIsNamedByItsFirstLine() {
        let block = Runbook("```sh\n\n   make test && \\\n  true\n```").blocks[0]
        #expect(block.firstLine == "make test && \\")
        #expect(Runbook("```sh\n" + String(repeating: "x", count: 500) + "\n```").blocks[0].firstLine.count == 160)
    }

    @Test func optionsAreReadAndFaultsNamed() throws {
        let environment = ["NEXUS_URL": "http://127.0.0.1:1", "NEXUS_AGENT_TOKEN": "nxa_1", "NEXUS_RUN_ID": "run_1"]
        let options = try RunnerOptions(
            arguments: ["--work", "/tmp/w", "--heartbeat-seconds=0.5", "--mirrors", "/tmp/m"], environment: environment)
        #expect(options.heartbeat == .milliseconds(500) && options.workFolder == "/tmp/w" && options.mirrorsFolder == "/tmp/m")
        for (arguments, name) in [
            ([], "--work"), (["--work", "relative"], "--work"), (["--work"], "--work"),
            (["--work", "/w", "--wrok", "x"], "--wrok"),
            (["--work", "/w", "--heartbeat-seconds", "0"], "--heartbeat-seconds"),
        ] {
            #expect { try RunnerOptions(arguments: arguments, environment: environment) } throws: {
                "\($0)".hasPrefix(name + ":")
            }
        }
        #expect { try RunnerOptions(arguments: ["--work", "/w"], environment: [:]) } throws: { "\($0)" == "NEXUS_URL: not set" }
    }

    @Test func credentialsAreKeptOutOfMessagesAndNames() {
        let url = "https://user:s3cret@git.example/team/repo.git"
        #expect(Repository.withoutCredentials("fatal: \(url) not found") == "fatal: https://git.example/team/repo.git not found")
        #expect(!Repository.mirrorName(url).contains("s3cret"))
        #expect(Repository.mirrorName("https://a/b-c") != Repository.mirrorName("https://a/b/c"))
    }

    @Test func theTailKeepsTheLastLinesWithinItsBound() {
        var tail = OutputTail(bytesMax: 20)
        for number in 0..<10_000 { tail.add("line \(number)") }
        #expect(tail.text == "line 9999\n" || tail.text == "line 9998\nline 9999\n")
        tail.add("  ")
        #expect(tail.lastLine == "line 9999")
    }
}
