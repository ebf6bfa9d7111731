import Glibc
import Loops
import Models

/// The repository in which a run's branch is made: the user's own for a path, a bare mirror for a URL.
struct Repository: Sendable {
    /// The longest wait for another run that is busy with the same repository.
    private static let lockWaitMax = Duration.seconds(300)
    private static let lockPollEvery = Duration.milliseconds(20)

    let git: Git
    /// Where git is run: the repository's own folder.
    let folder: String
    /// The branches that runs start from are remote ones in a mirror.
    private let isMirror: Bool

    /// Finds the repository of a path, or fetches the mirror of a URL.
    /// - Throws: `RunFailed` `repository_unavailable`.
    static func open(_ location: String, mirrors: String, git: Git) async throws -> Repository {
        do {
            if let path = localPath(location) {
                guard try await git.answer(["rev-parse", "--git-dir"], in: try existing(path)) != nil else {
                    throw RunFailed(.repositoryUnavailable, "\(path) is no git repository")
                }
                return Repository(git: git, folder: path, isMirror: false)
            }
            return try await mirror(location, in: mirrors, git)
        } catch let error as Git.GitError {
            throw RunFailed(.repositoryUnavailable, "\(withoutCredentials(location)): \(withoutCredentials(error.description))")
        }
    }

    /// The commit that a run starts from, before what it depends on is merged in.
    /// - Parameter branch: the project's default branch; the repository's HEAD when nil.
    /// - Returns: nil when the repository has no commit yet.
    /// - Throws: `RunFailed` when the branch does not exist.
    func base(_ branch: String?) async throws -> String? {
        let references: [String]
        if let branch {
            references = isMirror ? ["refs/remotes/origin/\(branch)"] : ["refs/heads/\(branch)", "refs/remotes/origin/\(branch)"]
        } else {
            references = [isMirror ? "refs/remotes/origin/HEAD" : "HEAD"]
        }
        for reference in references {
            if let commit = try await commit(of: reference) { return commit }
        }
        if let branch, try await commit(of: isMirror ? "refs/remotes/origin/HEAD" : "HEAD") != nil {
            throw RunFailed(.repositoryUnavailable, "the repository has no branch \(branch)")
        }
        return nil
    }

    /// The commit that a reference names, or nil.
    func commit(of reference: String) async throws -> String? {
        try await git.answer(["rev-parse", "--verify", "--quiet", "--end-of-options", "\(reference)^{commit}"], in: folder)
    }

    /// A commit without files, for a repository that has none: the same one for all runs, so that their branches can be merged.
    func emptyRoot() async throws -> String {
        let tree = try await git(["hash-object", "-t", "tree", "-w", "/dev/null"], in: folder)
        let fixed = [
            "GIT_AUTHOR_NAME": "Nexus", "GIT_AUTHOR_EMAIL": "nexus@agents.nexus.invalid",
            "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
            "GIT_COMMITTER_NAME": "Nexus", "GIT_COMMITTER_EMAIL": "nexus@agents.nexus.invalid",
            "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
        ]
        return try await git(["commit-tree", tree, "-m", "Begin"], in: folder, environment: fixed)
    }

    /// Runs `body` while no other run changes this repository's worktrees and references.
    func exclusively<Value>(_ body: () async throws -> Value) async throws -> Value {
        let common = try await git(["rev-parse", "--path-format=absolute", "--git-common-dir"], in: folder)
        return try await Repository.locked(common + "/nexus.lock", body)
    }

    private static func locked<Value>(_ path: String, _ body: () async throws -> Value) async throws -> Value {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RunFailed(.repositoryUnavailable, "\(path): \(String(cString: strerror(errno)))") }
        // The lock ends with the descriptor, also when this process is killed.
        defer { close(descriptor) }
        let start = ContinuousClock.now
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard ContinuousClock.now - start < lockWaitMax else {
                throw RunFailed(.repositoryUnavailable, "\(path) is held by another run")
            }
            try await EventLoop.sleep(for: lockPollEvery)
        }
        return try await body()
    }

    private static func mirror(_ url: String, in mirrors: String, _ git: Git) async throws -> Repository {
        let folder = "\(mirrors)/\(mirrorName(url))"
        try Folder.make(mirrors)
        return try await locked(folder + ".lock") {
            if !Folder.exists(folder + "/HEAD") {
                try Folder.make(folder)
                try await git(["init", "--quiet", "--bare", folder], in: mirrors)
            }
            // Remote branches apart from the runs' own: a fetch that prunes must not take those away.
            try await git(
                ["fetch", "--quiet", "--prune", "--no-tags", "--", url, "+refs/heads/*:refs/remotes/origin/*"], in: folder)
            let head = try await git(["ls-remote", "--symref", "--", url, "HEAD"], in: folder)
            if let branch = symbolicHead(head) {
                try await git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/\(branch)"], in: folder)
            } else if let commit = head.split(separator: "\t").first, !commit.isEmpty {
                try await git(["update-ref", "--no-deref", "refs/remotes/origin/HEAD", String(commit)], in: folder)
            }
            return Repository(git: git, folder: folder, isMirror: true)
        }
    }

    /// The branch in `ref: refs/heads/main\tHEAD`; nil for a detached HEAD, or an empty repository.
    private static func symbolicHead(_ answer: String) -> String? {
        let prefix = "ref: refs/heads/"
        guard let line = answer.split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) else { return nil }
        return line.dropFirst(prefix.count).split(separator: "\t").first.map(String.init)
    }

    /// A path or a `file:` URL without a host.
    static func localPath(_ location: String) -> String? {
        if location.hasPrefix("file://") { return String(location.dropFirst("file://".count)) }
        return location.hasPrefix("/") ? location : nil
    }

    private static func existing(_ path: String) throws -> String {
        guard Folder.exists(path) else { throw RunFailed(.repositoryUnavailable, "\(path) does not exist") }
        return path
    }

    /// A folder's name for a URL: readable, and never the same for two.
    static func mirrorName(_ url: String) -> String {
        let plain = withoutCredentials(url)
        // FNV-1a, 64 bits: tells apart what reads alike once it is a file's name.
        let hash = plain.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let readable = plain.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" }
        return "\(String(readable.suffix(60)))-\(String(hash, radix: 16)).git"
    }

    /// `https://user:secret@host/x` → `https://host/x`, wherever in a text.
    static func withoutCredentials(_ text: String) -> String {
        text.replacing(#/(:\/\/)[^\/@\s]*@/#) { "\($0.output.1)" }
    }
}
