import Glibc
import Models
import Processes
import Synchronization

/// What is in projects' repositories, by `git`, remembered for a moment: runs of one project start together.
final class RepositoryTrees: Sendable {
    static let entriesMax = 5000
    static let keptSeconds = 10.0
    private static let rememberedMax = 64
    private static let outputBytesMax = 2 << 20

    struct Tree: Sendable {
        /// The default branch; nil when HEAD is none.
        let branch: String?
        /// Paths of tracked files, sorted, at most `entriesMax`.
        let tree: [String]
    }

    private struct Kept {
        let tree: Tree?
        let at: Timestamp
    }

    private let clock: WallClock
    /// The folder in which runners mirror what they fetch from a URL.
    private let mirrors: String
    private let kept = Mutex<[String: Kept]>([:])

    /// - Parameter mirrors: the folder in which runners mirror what they fetch from a URL.
    init(clock: WallClock, mirrors: String) {
        self.clock = clock
        self.mirrors = mirrors
    }

    /// The tree of the default branch of a local repository, or of the mirror of a remote one; nil when there is none to be read.
    func repository(at address: String?) async -> Tree? {
        guard let address, !address.isEmpty else { return nil }
        let now = clock.now()
        let known = kept.withLock { $0[address] }
        if let known, now.seconds(since: known.at) < RepositoryTrees.keptSeconds { return known.tree }
        let tree = await read(address)
        kept.withLock { kept in
            kept = kept.filter { now.seconds(since: $0.value.at) < RepositoryTrees.keptSeconds }
            if kept.count < RepositoryTrees.rememberedMax { kept[address] = Kept(tree: tree, at: now) }
        }
        return tree
    }

    private func read(_ address: String) async -> Tree? {
        var folder = address
        var isMirror = false
        if address.hasPrefix("file://") {
            folder = String(address.dropFirst(7))
        } else if !address.hasPrefix("/") {
            folder = "\(mirrors)/\(RepositoryMirror.name(of: address))"
            isMirror = true
        }
        let head = isMirror ? "refs/remotes/origin/HEAD" : "HEAD"
        guard access(folder, R_OK) == 0, let listing = await git(["ls-tree", "-r", "-z", "--name-only", head, "--"], in: folder)
        else { return nil }
        let reference = await git(["symbolic-ref", "--short", head], in: folder).map { String($0.prefix { $0 != "\n" }) }
        var paths = listing.split(separator: "\0", omittingEmptySubsequences: true)
        // What was cut off in the middle of a path is none.
        if listing.last != "\0" { _ = paths.popLast() }
        let branch = isMirror ? reference.map { String($0.dropFirst("origin/".count)) } : reference
        return Tree(branch: branch, tree: paths.prefix(RepositoryTrees.entriesMax).map(String.init))
    }

    /// What `git` prints; nil when it fails.
    private func git(_ arguments: [String], in folder: String) async -> String? {
        // The repository may be another user's: it is only read, and these commands run no program that its configuration names.
        let command = Command(
            "git", ["-c", "safe.directory=*", "-C", folder] + arguments,
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8",
            ])
        // try?: without git, or without a repository there, nothing is known of it, which is what nil says.
        guard let finished = try? await Subprocess.run(command, keeping: RepositoryTrees.outputBytesMax), finished.exit.isSuccess
        else {
            return nil
        }
        return finished.outputText
    }
}
