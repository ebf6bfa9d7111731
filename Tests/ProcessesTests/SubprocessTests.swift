import Glibc
import Loops
import Testing

@testable import Processes

/// Runs `body` on a loop of its own.
func onLoop<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let group = try EventLoopGroup(count: 1)
    let result = await group.loops[0].task { try await body() }.result
    group.shutdown()
    return try result.get()
}

/// A shell script with nothing but `PATH` in its environment.
func shell(_ script: String, environment: [String: String] = [:]) -> Command {
    Command(
        "sh", ["-c", script], environment: environment.merging(["PATH": "/usr/local/bin:/usr/bin:/bin"]) { given, _ in given })
}

@Suite(.timeLimit(.minutes(1)))
struct SubprocessTests {
    @Test func bothOutputsAndTheExitStatusComeBack() async throws {
        let finished = try await onLoop { try await Subprocess.run(shell("echo out; echo err >&2; exit 7")) }
        #expect(finished.outputText == "out\n")
        #expect(finished.errorText == "err\n")
        #expect(finished.exit.reason == .exited(7))
        #expect(finished.exit.code == 7)
        #expect(finished.exit.residentBytesMax > 0)
    }

    @Test func aChildGetsItsEnvironmentAndNothingElse() async throws {
        let finished = try await onLoop {
            try await Subprocess.run(Command("/usr/bin/env", environment: ["ONLY": "this one"]))
        }
        #expect(finished.outputText == "ONLY=this one\n")
    }

    @Test func aChildGetsNoDescriptorButTheThreeStandardOnes() async throws {
        let open = Glibc.open("/dev/null", O_RDONLY)
        defer { close(open) }
        let finished = try await onLoop { try await Subprocess.run(shell("ls /proc/self/fd | wc -l")) }
        // 0, 1, 2, and the one that `ls` opens itself.
        #expect(finished.outputText == "4\n")
    }

    @Test func aChildStartsInItsFolderAndItsOwnGroupWithItsInput() async throws {
        var command = shell("pwd; cat; ps -o pgid= -p $$ | tr -d ' '; echo $$")
        command.workingDirectory = "/usr"
        command.input = .bytes(Array("from memory\n".utf8))
        let lines = try await onLoop { [command] in
            try await Subprocess.run(command).outputText.split(separator: "\n").map(String.init)
        }
        #expect(lines[0...1] == ["/usr", "from memory"])
        #expect(lines[2] == lines[3])
    }

    @Test func limitsReachTheChild() async throws {
        var command = shell("ulimit -n; ulimit -c; grep NoNewPrivs /proc/self/status")
        command.limits = [.openFiles(99), .coreSize(bytes: 0)]
        command.withoutNewPrivileges = true
        let finished = try await onLoop { [command] in try await Subprocess.run(command) }
        #expect(finished.outputText == "99\n0\nNoNewPrivs:\t1\n")
    }

    @Test func whatCannotBeStartedSaysWhy() async throws {
        try await onLoop {
            #expect(throws: SpawnError(executable: "/no/such", step: "execve", code: ENOENT)) {
                try Subprocess.spawn(Command("/no/such", environment: [:]))
            }
            #expect(throws: SpawnError(executable: "no-such-program", step: "find", code: ENOENT)) {
                try Subprocess.spawn(Command("no-such-program", environment: [:]))
            }
            #expect(throws: SpawnError(executable: "/bin/true", step: "chdir", code: ENOENT)) {
                try Subprocess.spawn(Command("/bin/true", environment: [:], workingDirectory: "/no/such"))
            }
        }
    }

    @Test func aChildThatPrintsMoreThanIsReadWaits() async throws {
        try await onLoop {
            let process = try Subprocess.spawn(shell("head -c 10000000 /dev/zero"))
            let output = try #require(process.output)
            var count = try await output.next()?.count ?? 0
            #expect(process.identity.isAlive)
            while let piece = try await output.next() { count += piece.count }
            #expect(count == 10_000_000)
            #expect(await process.exit.isSuccess)
        }
    }

    @Test func cancellingARunKillsItsProcess() async throws {
        try await onLoop {
            let loop = try #require(EventLoop.current)
            let run = loop.task { try await Subprocess.run(shell("sleep 60")) }
            await EventLoop.yield()
            run.cancel()
            await #expect(throws: CancellationError.self) { try await run.value }
        }
    }

    @Test func aSignalledChildSaysSo() async throws {
        let exit = try await onLoop {
            let process = try Subprocess.spawn(shell("kill -TERM $$"))
            return await process.exit
        }
        #expect(exit.reason == .signalled(SIGTERM))
        #expect(exit.code == 143)
    }

    @Test func manyChildrenAreEachReapedOnce() async throws {
        try await onLoop {
            let codes = try await withThrowingTaskGroup(of: Int.self) { group in
                for code in 0..<40 { group.addTask { try await Subprocess.run(shell("exit \(code)")).exit.code } }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(codes == Set(0..<40))
        }
    }
}

@Suite struct LineSplitterTests {
    @Test(arguments: 1...9)
    func linesAreTheSameWhateverThePieces(size: Int) {
        let text = Array("one\r\ntwo\n\nä€😀\nlast".utf8)
        var splitter = LineSplitter(bytesMax: 100)
        var lines: [String] = []
        for start in stride(from: 0, to: text.count, by: size) {
            lines += splitter.add(text[start..<min(start + size, text.count)])
        }
        #expect(lines == ["one", "two", "", "ä€😀"])
        #expect(splitter.finish() == "last")
        #expect(splitter.finish() == nil)
    }

    @Test func aLongLineIsCutBetweenCharacters() {
        var splitter = LineSplitter(bytesMax: 7)
        #expect(splitter.add(Array("€€€€€\n".utf8)) == ["€€", "€€", "€"])
        #expect(splitter.add([UInt8](repeating: 0x80, count: 9)).count == 1)
        #expect(splitter.finish() == "\u{FFFD}\u{FFFD}")
    }

    @Test func whatIsNotUTF8IsReplaced() {
        var splitter = LineSplitter(bytesMax: 100)
        #expect(splitter.add([0x61, 0xFF, 0x62, 0x0A]) == ["a\u{FFFD}b"])
    }
}
