import CSystem
import Client
import Glibc
import Loops
import Runner

Signals.capture()
// Whoever loses its parent in this run becomes this process's child, and is ended with it.
_ = nexus_become_subreaper()
_ = nexus_no_new_privileges()

if CommandLine.arguments.contains("--help") {
    print(RunnerOptions.usage)
    exit(0)
}
do {
    var options = try RunnerOptions(
        arguments: Array(CommandLine.arguments.dropFirst()), environment: RunnerOptions.processEnvironment())
    options.ownsProcess = true
    let loop = try EventLoopGroup(count: 1).next()
    let end = await loop.task { [options] in
        let run = AgentRun(options, client: HTTPClient(on: loop), on: loop)
        loop.task {
            _ = try await Signals.next(on: loop)
            run.terminate()
        }
        return await run.run()
    }.value
    if case .reported = end { exit(0) }
    exit(1)
} catch {
    let message = Array("nexus-agent-runner: \(error)\n\(RunnerOptions.usage)\n".utf8)
    _ = write(STDERR_FILENO, message, message.count)
    exit(2)
}
