import FoundationEssentials
import HTTP
import Loops
import Models
import Testing

@testable import Runner

@Suite(.timeLimit(.minutes(1)))
struct WorktreeTests {
    /// A repository at `<folder>/repo` with one file on its default branch.
    static func makeRepository(_ folder: String) throws -> String {
        try RunFixture.sh("git init -q -b trunk repo; cd repo; echo one >file; git add .; git commit -qm first", in: folder)
        return folder + "/repo"
    }

    @Test func whatARunChangesIsCommittedOnItsBranchAndKeptAsAPatch() async throws {
        let description =
            """
            ```sh
            echo two >>file; mkdir sub; echo new >sub/new; printf '\\0\\1' >binary; echo kept >"$NEXUS_ARTIFACTS/report.txt"
            ```
            """
        try await RunFixture.with(description) { context, folder in
            context.setRepository(try WorktreeTests.makeRepository(folder))
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let result = try #require(fixture.runs.result)
            let branch = "nexus/\(fixture.runID)"
            let repo = fixture.folder + "/repo"
            #expect(result.branch == branch)
            let printed1 = try RunFixture.sh("git rev-parse \(branch)", in: repo)
            #expect(printed1 == result.commit.map { $0 + "\n" })
            let printed2 = try RunFixture.sh("git show --format='%an <%ae>%n%s' --name-only \(branch)", in: repo)
            #expect(printed2 == "Builder <builder@agents.nexus.invalid>\nBuild it\n\nbinary\nfile\nsub/new\n")
            let printed3 = try RunFixture.sh(
                "git worktree list | wc -l; git status --short; git branch --show-current; cat file", in: repo)
            #expect(printed3 == "1\ntrunk\none\n")
            let diff = fixture.runs.state.withLock { $0.artifacts["changes.diff"] } ?? []
            try Data(diff).write(to: URL(filePath: fixture.folder + "/patch"))
            let printed4 = try RunFixture.sh("git apply ../patch; cat file sub/new; wc -c <binary", in: repo)
            #expect(printed4 == "one\ntwo\nnew\n2\n")
            #expect(fixture.runs.state.withLock { $0.artifacts["report.txt"] } == Array("kept\n".utf8))
            #expect(!Folder.exists(fixture.folder + "/own/tree"))
        }
    }

    @Test func withoutThePermissionOnlyThePatchIsKept() async throws {
        try await RunFixture.with("```sh\necho two >>file; git commit -qam mine; echo three >>file\n```") { context, folder in
            context.setRepository(try WorktreeTests.makeRepository(folder))
            context.agent.permissions.canCommit = false
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            #expect(fixture.runs.result?.commit == nil)
            let repo = fixture.folder + "/repo"
            let printed5 = try RunFixture.sh("git log --format=%s nexus/\(fixture.runID)", in: repo)
            #expect(printed5 == "first\n")
            let diff = String(decoding: fixture.runs.state.withLock { $0.artifacts["changes.diff"] } ?? [], as: UTF8.self)
            #expect(diff.contains("+two\n+three\n"))
        }
    }

    @Test func whatTheAgentCommitsItselfCounts() async throws {
        try await RunFixture.with("```sh\necho two >>file; git commit -qam mine\n```") { context, folder in
            context.setRepository(try WorktreeTests.makeRepository(folder))
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let repo = fixture.folder + "/repo"
            let printed6 = try RunFixture.sh("git log --format='%s %an' nexus/\(fixture.runID)", in: repo)
            #expect(printed6 == "mine Builder\nfirst U\n")
            #expect(fixture.runs.result?.commit != nil)
        }
    }

    @Test func nothingChangedIsNoCommit() async throws {
        try await RunFixture.with("```sh\ntrue\n```") { context, folder in
            context.setRepository(try WorktreeTests.makeRepository(folder))
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let result = try #require(fixture.runs.result)
            #expect(result.commit == nil && result.branch == "nexus/\(fixture.runID)")
            #expect(fixture.runs.state.withLock { $0.artifacts["changes.diff"] } == [])
        }
    }

    @Test func branchesOfEarlierTasksAreMergedIn() async throws {
        try await RunFixture.with("```sh\ncat a b file; echo c >c\n```") { context, folder in
            let repo = try WorktreeTests.makeRepository(folder)
            for name in ["a", "b"] {
                try RunFixture.sh(
                    "git checkout -q -b nexus/run_\(name) trunk; echo \(name) >\(name); git add .; git commit -qm \(name)",
                    in: repo)
            }
            try RunFixture.sh("git checkout -q trunk", in: repo)
            context.setRepository(repo)
            context.dependencyBranches = ["nexus/run_a", "nexus/run_b", "nexus/run_gone"]
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            #expect(fixture.runs.result?.output == "a\nb\none\n")
            #expect(fixture.runs.texts.contains("system: branch nexus/run_gone is gone from the repository: taken as merged"))
            let diff = String(decoding: fixture.runs.state.withLock { $0.artifacts["changes.diff"] } ?? [], as: UTF8.self)
            #expect(diff.contains("b/c") && !diff.contains("b/a"))
        }
    }

    @Test func branchesThatDoNotMergeFailTheRunAndTheFilesAreNamed() async throws {
        try await RunFixture.with("```sh\necho never\n```") { context, folder in
            let repo = try WorktreeTests.makeRepository(folder)
            for name in ["a", "b"] {
                try RunFixture.sh(
                    """
                    git checkout -q -b nexus/run_\(name) trunk
                    echo \(name) >file; echo x >'x \(name)'; git add .; git commit -qm \(name)
                    """,
                    in: repo)
            }
            context.setRepository(repo, branch: "trunk")
            context.dependencyBranches = ["nexus/run_a", "nexus/run_b"]
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.failed))
            let failure = try #require(fixture.runs.result?.failure)
            #expect(failure.reason == .mergeConflict && !failure.retryable)
            #expect(failure.message == "nexus/run_b does not merge with what the run builds on: file")
            let printed7 = try RunFixture.sh("git worktree list | wc -l", in: fixture.folder + "/repo")
            #expect(printed7 == "1\n")
        }
    }

    @Test(arguments: [
        ("git init -q repo", "repo", "an empty repository"), ("git init -q --bare repo", "repo", "an empty bare one"),
        ("git init -q repo; cd repo; git commit -q --allow-empty -m x; git checkout -q --detach", "repo", "a detached HEAD"),
        (
            """
            git init -q repo; cd repo; git commit -q --allow-empty -m x
            echo 'exit 1' >.git/hooks/pre-commit; chmod +x .git/hooks/*
            """,
            "repo", "a hook that refuses"
        ),
    ])
    func runsStartFrom(script: String, path: String, what: String) async throws {
        try await RunFixture.with("```sh\necho x >x\n```") { context, folder in
            try RunFixture.sh(script, in: folder)
            context.setRepository("file://\(folder)/\(path)")
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded), "\(what): \(fixture.runs.texts)")
            let printed8 = try RunFixture.sh("git show nexus/\(fixture.runID):x", in: fixture.folder + "/repo")
            #expect(printed8 == "x\n")
        }
    }

    @Test(
        arguments: [
            ("/no/such/folder", nil), ("/tmp", nil), ("ext::sh -c true", nil), ("--upload-pack=x", nil),
            ("REPO", "no-such-branch"),
        ] as [(String, String?)])
    func whatIsNoRepositoryFailsTheRun(location: String, branch: String?) async throws {
        try await RunFixture.with("```sh\necho never\n```") { context, folder in
            let repo = try WorktreeTests.makeRepository(folder)
            context.setRepository(location == "REPO" ? repo : location, branch: branch)
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.failed))
            #expect(
                fixture.runs.result?.failure?.reason == .repositoryUnavailable,
                "\(String(describing: fixture.runs.result?.failure))")
        }
    }

    @Test func aRepositoryFromAURLIsMirroredAndItsBranchesStayInTheMirror() async throws {
        let folder = "/tmp/nexus-runner-served-\(UInt32.random(in: 0 ... .max))"
        try Folder.make(folder)
        defer { Folder.remove(folder) }
        let repo = try WorktreeTests.makeRepository(folder)
        try RunFixture.sh("git clone -q --bare \(repo) served.git; git -C served.git update-server-info", in: folder)
        let group = try EventLoopGroup(count: 1)
        let server = HTTPServer(group: group, responder: Files(folder: folder))
        let url = "http://user:secret@\(try server.listen(on: .tcp(host: "127.0.0.1", port: 0)))/served.git"
        for number in 1...2 {
            let runID = "run_mirrored_\(number)_\(UInt32.random(in: 0 ... .max))"
            try await RunFixture.with("```sh\ncat file; echo \(number) >>file\n```", runID: runID, mirrors: folder + "/mirrors") {
                context, _ in
                context.setRepository(url)
            } body: { fixture in
                #expect(await fixture.run.run() == .reported(.succeeded), "\(fixture.runs.texts)")
                let line = try RunFixture.sh("tail -n 1 served.git/packed-refs; git -C repo rev-parse HEAD", in: folder)
                #expect(!line.contains("nexus/"))
                let mirror = "\(folder)/mirrors/\(Repository.mirrorName(url))"
                let commits = number == 1 ? "one\n1\n" : "one\ntwo\n2\n"
                let printed9 = try RunFixture.sh("git show nexus/\(runID):file", in: mirror)
                #expect(printed9 == commits)
            }
            // The next run starts from what has been pushed since.
            try RunFixture.sh(
                """
                cd repo; echo two >>file; git commit -qam two
                git push -q ../served.git trunk; git -C ../served.git update-server-info
                """,
                in: folder)
        }
        await server.shutdown(within: .zero)
        group.shutdown()
    }

    @Test func aSecondAttemptStartsAnewOnTheSameBranch() async throws {
        try await RunFixture.with("```sh\nls; echo second >second\n```") { context, folder in
            let repo = try WorktreeTests.makeRepository(folder)
            try RunFixture.sh(
                """
                git worktree add -q -b nexus/\(context.run.id) ../lost trunk
                cd ../lost; echo first >first; git add .; git commit -qm lost
                """,
                in: repo)
            context.setRepository(repo)
        } body: { fixture in
            #expect(await fixture.run.run() == .reported(.succeeded))
            let printed10 = try RunFixture.sh("git ls-tree --name-only nexus/\(fixture.runID)", in: fixture.folder + "/repo")
            #expect(printed10 == "file\nsecond\n")
            let printed11 = try RunFixture.sh("git worktree list | wc -l", in: fixture.folder + "/repo")
            #expect(printed11 == "1\n")
        }
    }

    @Test func manyRunsShareARepositoryAtOnce() async throws {
        let folder = "/tmp/nexus-runner-shared-\(UInt32.random(in: 0 ... .max))"
        try Folder.make(folder)
        defer { Folder.remove(folder) }
        let repo = try WorktreeTests.makeRepository(folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await RunFixture.with("```sh\necho \"$NEXUS_RUN_ID\" >mine\n```") { context, _ in
                        context.setRepository(repo)
                    } body: { fixture in
                        #expect(await fixture.run.run() == .reported(.succeeded), "\(fixture.runs.texts)")
                        let mine = try RunFixture.sh("git show nexus/\(fixture.runID):mine", in: repo)
                        #expect(mine == fixture.runID + "\n")
                    }
                }
            }
            try await group.waitForAll()
        }
        let printed12 = try RunFixture.sh("git branch --list 'nexus/*' | wc -l; git worktree list | wc -l", in: repo)
        #expect(printed12 == "8\n1\n")
    }
}

/// Serves a folder's files, as a plain web server serves a repository.
private struct Files: Responder {
    let folder: String

    func respond(to request: Request) async -> Response {
        let path = folder + String(decoding: request.path, as: UTF8.self)
        // try?: a file that is not there is a 404.
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return .text("", status: .notFound) }
        return Response(.ok, body: .bytes(Array(data)))
    }
}
