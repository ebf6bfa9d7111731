import Models
import Processes

/// A run's working folder in a repository: a git worktree on a branch of its own.
struct Worktree: Sendable {
    /// What a run has changed, once it is over.
    struct Changes: Sendable, Equatable {
        /// A patch from where the run started, binary files included.
        var diff: String
        var isEmpty: Bool
        /// The commit at the tip of the branch, when it is not where the run started.
        var commit: String?
    }

    let repository: Repository
    let folder: String
    let branch: String
    /// Where the run starts: the project's branch with what the task depends on merged in.
    let base: String

    private var git: Git { repository.git }

    /// Makes the worktree and its branch.
    /// - Parameters:
    ///   - dependencies: branches that are merged in, in this order.
    ///   - say: told of what a person may want to know.
    /// - Throws: `RunFailed` `merge_conflict` naming the files, `repository_unavailable`.
    static func add(
        to repository: Repository, at folder: String, branch: String, from defaultBranch: String?, merging dependencies: [String],
        say: (String) async -> Void
    ) async throws -> Worktree {
        let git = repository.git
        do {
            let start = try await repository.exclusively {
                try await forgetEarlierAttempt(of: branch, in: repository)
                let root = try await repository.base(defaultBranch)
                let start = if let root { root } else { try await repository.emptyRoot() }
                try await git(["worktree", "add", "--quiet", "--force", "-B", branch, folder, start], in: repository.folder)
                return start
            }
            await say("branch \(branch) from \(start.prefix(12))")
            for dependency in dependencies {
                guard let commit = try await repository.commit(of: "refs/heads/\(dependency)") else {
                    await say("branch \(dependency) is gone from the repository: taken as merged")
                    continue
                }
                try await merge(dependency, commit, in: folder, git)
                await say("merged \(dependency)")
            }
            let base = try await git(["rev-parse", "HEAD"], in: folder)
            return Worktree(repository: repository, folder: folder, branch: branch, base: base)
        } catch let error as Git.GitError {
            throw RunFailed(.repositoryUnavailable, Repository.withoutCredentials(error.description))
        }
    }

    /// Takes stock of the folder as the agent has left it, and commits it on the run's branch when that is allowed.
    ///
    /// Nobody works in the folder any more. What the agent has committed by itself counts like what it has not; without the
    /// permission, the branch goes back to where it started.
    func conclude(diffTo path: String, message: String, mayCommit: Bool) async throws -> Changes {
        // A git that was killed leaves its lock behind.
        try await removeStaleLock()
        try await git(["add", "--all"], in: folder)
        let tree = try await git(["write-tree"], in: folder)
        try await writeDiff(to: path, tree: tree)
        let isEmpty = try await git(["rev-parse", "\(base)^{tree}"], in: folder) == tree
        let head = try await git(["rev-parse", "HEAD"], in: folder)
        var tip = base
        if mayCommit {
            tip = head
            if try await git(["rev-parse", "\(head)^{tree}"], in: folder) != tree {
                tip = try await git(["commit-tree", tree, "-p", head, "-m", message], in: folder)
            }
        }
        try await repository.exclusively {
            _ = try await git(["update-ref", "-m", "nexus", "refs/heads/\(branch)", tip], in: repository.folder)
        }
        return Changes(diff: path, isEmpty: isEmpty, commit: tip == base ? nil : tip)
    }

    /// Takes the folder away; the branch stays.
    func remove() async {
        do {
            try await repository.exclusively {
                _ = try await git.run(["worktree", "remove", "--force", "--force", folder], in: repository.folder)
                Folder.remove(folder)
                _ = try await git.run(["worktree", "prune"], in: repository.folder)
            }
        } catch {
            // The next run of this repository prunes what is left.
            Folder.remove(folder)
        }
    }

    private static func merge(_ branch: String, _ commit: String, in folder: String, _ git: Git) async throws {
        let arguments = ["merge", "--quiet", "--no-edit", "-m", "Merge \(branch)", commit]
        let merged = try await git.run(arguments, in: folder)
        if merged.exit.isSuccess { return }
        let unmerged = try await git(["diff", "--name-only", "--diff-filter=U", "-z"], in: folder)
        let files = unmerged.split(separator: "\0").map(String.init)
        if files.isEmpty { throw Git.error(arguments, merged) }
        let named = files.prefix(20).joined(separator: ", ") + (files.count > 20 ? " and \(files.count - 20) more" : "")
        throw RunFailed(.mergeConflict, "\(branch) does not merge with what the run builds on: \(named)")
    }

    /// A lost attempt of the same run leaves a worktree on the branch that is now made anew.
    private static func forgetEarlierAttempt(of branch: String, in repository: Repository) async throws {
        let git = repository.git
        try await git(["worktree", "prune"], in: repository.folder)
        var path: Substring?
        for line in try await git(["worktree", "list", "--porcelain"], in: repository.folder).split(separator: "\n") {
            if line.hasPrefix("worktree ") { path = line.dropFirst("worktree ".count) }
            if line == "branch refs/heads/\(branch)", let path {
                _ = try await git.run(["worktree", "remove", "--force", "--force", String(path)], in: repository.folder)
            }
        }
    }

    private func removeStaleLock() async throws {
        let path = try await git(["rev-parse", "--path-format=absolute", "--git-path", "index.lock"], in: folder)
        Folder.remove(path)
    }

    private func writeDiff(to path: String, tree: String) async throws {
        let arguments = ["diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", base, tree]
        var command = git.command(arguments, in: folder)
        command.output = .file(path)
        let finished = try await Subprocess.run(command)
        guard finished.exit.isSuccess else { throw Git.error(arguments, finished) }
    }
}
