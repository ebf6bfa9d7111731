import Glibc
import Loops
import Testing

@testable import Processes

@Suite(.timeLimit(.minutes(1)))
struct ProcessTreeTests {
    /// Starts `script`, which prints the pids of what it leaves behind and then `ready`, and gives them with the process.
    private func start(_ script: String, marker: String) async throws -> (Subprocess, [ProcessIdentity]) {
        let process = try Subprocess.spawn(shell(script, environment: ["TREE": marker]))
        var text = ""
        while !text.contains("ready") {
            guard let piece = try await process.output?.next() else { break }
            text += String(decoding: piece, as: UTF8.self)
        }
        return (process, text.split(separator: "\n").compactMap { pid_t($0) }.compactMap { ProcessIdentity(pid: $0) })
    }

    @Test func everyoneGoesHoweverFarTheyRan() async throws {
        let marker = "everyone-\(getpid())"
        try await onLoop {
            let (process, others) = try await start(
                """
                sleep 100 & echo $!
                setsid sh -c 'sleep 100 & echo $!; sleep 100 & echo $!; wait' &
                (setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &)
                sleep 0.3; echo ready; wait
                """, marker: marker)
            #expect(others.count == 4)
            let tree = ProcessTree(roots: [process.identity], marker: "TREE=\(marker)")
            #expect(await tree.terminate(grace: .milliseconds(200)))
            #expect(others.allSatisfy { !$0.isAlive })
            #expect(!process.identity.isAlive)
            #expect(await tree.members().isEmpty)
        }
    }

    @Test func theMarkerFindsWhomNoParentLinksTo() async throws {
        let marker = "orphan-\(getpid())"
        try await onLoop {
            let (process, others) = try await start("(setsid sleep 100 & echo $!); echo ready", marker: marker)
            _ = await process.exit
            #expect(others.count == 1 && others[0].isAlive)
            #expect(await ProcessTree(roots: [process.identity], marker: "TREE=\(marker)").terminate())
            #expect(!others[0].isAlive)
        }
    }

    @Test func aTreeThatGrowsWhileItIsKilledIsKilled() async throws {
        let marker = "growing-\(getpid())"
        try await onLoop {
            let (process, _) = try await start(
                """
                trap '' TERM; echo ready
                n=0; while [ $n -lt 100000 ]; do n=$((n+1)); (trap '' TERM; sleep 3) & sleep 0.01; done
                """, marker: marker)
            let tree = ProcessTree(roots: [process.identity], marker: "TREE=\(marker)")
            #expect(await tree.terminate(grace: .milliseconds(100)))
            #expect(await tree.members().isEmpty)
        }
    }

    @Test func aGracefulProcessHasTimeToCleanUp() async throws {
        try await onLoop {
            let (process, _) = try await start(
                "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.01; done", marker: "graceful-\(getpid())")
            #expect(await ProcessTree(roots: [process.identity]).terminate(grace: .seconds(3)))
            #expect(try await process.output?.collect(upTo: 100) == Array("cleaned\n".utf8))
            #expect(await process.exit.reason == .exited(0))
        }
    }

    @Test func aCancelledTaskStillEndsTheTree() async throws {
        try await onLoop {
            let loop = try #require(EventLoop.current)
            let (process, _) = try await start("echo ready; exec sleep 100", marker: "cancelled-\(getpid())")
            let ending = loop.task { await ProcessTree(roots: [process.identity]).terminate() }
            ending.cancel()
            #expect(await ending.value)
            #expect(await process.exit.reason == .signalled(SIGTERM))
        }
    }

    @Test func anIdentityIsNotAnotherProcessOfTheSameNumber() throws {
        let current = ProcessIdentity.current
        #expect(current.isAlive)
        let other = ProcessIdentity(pid: current.pid, startTicks: current.startTicks - 1)
        #expect(!other.isAlive)
        #expect(!other.signal(0))
    }
}
