import CSystem
import Glibc
import Loops

/// A process and everything that came of it, however far it has run away: its descendants, its process group, and whoever carries
/// its mark in the environment (which finds those that made a session of their own and let go of their parent).
public struct ProcessTree: Sendable {
    /// The root's own time to end after SIGTERM when nothing else is said.
    public static let graceDefault = Duration.seconds(1)
    /// SIGKILL ends whatever can be ended in far less; what is left then hangs in the kernel.
    public static let limitDefault = Duration.seconds(5)
    private static let pollEvery = Duration.milliseconds(20)
    /// Rounds of stopping what is found and looking again; a tree that still grows is killed as it is, and looked for again.
    private static let freezeRoundsMax = 10
    private static let environmentBytesMax = 256 * 1024

    /// Processes that belong to the tree with all their descendants and groups.
    public var roots: [ProcessIdentity]
    /// `NAME=value`, exactly as it stands in the environment of every process of the tree.
    public var marker: String?
    /// Processes that are not ended, though their descendants are: the caller itself is always one of them.
    public var spared: Set<pid_t>

    public init(roots: [ProcessIdentity], marker: String? = nil, sparing spared: Set<pid_t> = []) {
        self.roots = roots
        self.marker = marker
        self.spared = spared.union([1, getpid()])
    }

    /// Ends the whole tree: SIGTERM, then, after `grace`, SIGKILL until nobody is left.
    ///
    /// Scanning takes milliseconds, so it is done off the event loops.
    /// - Returns: false when something is left after `limit`.
    @discardableResult
    public func terminate(
        grace: Duration = graceDefault, limit: Duration = limitDefault
    ) async -> Bool {
        let clock = ContinuousClock()
        var known = await members()
        let deadline = clock.now.advanced(by: limit)
        let graceEnd = min(clock.now.advanced(by: grace), deadline)
        var asked: Set<ProcessIdentity> = []
        while clock.now < graceEnd {
            if known.isEmpty { return true }
            for member in known.subtracting(asked) {
                member.signal(SIGTERM)
                member.signal(SIGCONT)
            }
            asked.formUnion(known)
            await pause()
            // Looking at those who are known is cheap; the whole machine is looked at again once they are gone.
            if await alive(known).isEmpty { known = await members(known) }
        }
        while true {
            known = await frozen(known)
            if known.isEmpty { return true }
            for member in known { member.signal(SIGKILL) }
            if clock.now >= deadline { return await members(known).isEmpty }
            await pause()
        }
    }

    /// Who belongs to the tree now and has not ended.
    /// - Parameter known: who belonged to it before: they still do, though their parents have ended meanwhile.
    public func members(_ known: Set<ProcessIdentity> = []) async -> Set<ProcessIdentity> {
        await OwnThread.run { scan(known) }
    }

    private func alive(_ known: Set<ProcessIdentity>) async -> Set<ProcessIdentity> {
        await OwnThread.run { known.filter(\.isAlive) }
    }

    /// Stops everyone, so that nobody runs away between being seen and being killed.
    private func frozen(_ known: Set<ProcessIdentity>) async -> Set<ProcessIdentity> {
        var stopped: Set<ProcessIdentity> = []
        for _ in 0..<ProcessTree.freezeRoundsMax {
            let found = await members(known.union(stopped))
            let new = found.subtracting(stopped)
            if new.isEmpty { return found }
            for member in new { member.signal(SIGSTOP) }
            stopped.formUnion(new)
        }
        return stopped
    }

    /// A cancelled task goes on: a tree that is being ended is ended.
    private func pause() async {
        // try?: sleeping fails only in a cancelled task, and nobody cancels this one.
        let sleep: @Sendable () async -> Void = { try? await EventLoop.sleep(for: ProcessTree.pollEvery) }
        if let loop = EventLoop.current { await loop.task(sleep).value } else { await Task(operation: sleep).value }
    }

    private func scan(_ known: Set<ProcessIdentity>) -> Set<ProcessIdentity> {
        let all = ProcessTree.everyProcess()
        var seeds = Set(roots).union(known)
        if let marker {
            let wanted = Array(marker.utf8)
            // Nobody who was there before the first root came of it.
            let earliest = roots.map(\.startTicks).min() ?? 0
            for process in all where process.startTicks >= earliest && !process.isEnded && !seeds.contains(process.identity) {
                if carries(wanted, process.pid) { seeds.insert(process.identity) }
            }
        }

        var children: [pid_t: [ProcessStatus]] = [:]
        for process in all { children[process.parent, default: []].append(process) }
        // Only while its leader is there, reaped or not: later the number may be another group's.
        let groups = Set(all.filter { roots.contains($0.identity) }.map(\.pid)).subtracting([getpgrp()])
        var reached: Set<pid_t> = []
        var pending = all.filter { seeds.contains($0.identity) || groups.contains($0.group) }
        var found: Set<ProcessIdentity> = []
        while let process = pending.popLast() {
            guard reached.insert(process.pid).inserted else { continue }
            if !process.isEnded, !spared.contains(process.pid) { found.insert(process.identity) }
            pending += children[process.pid] ?? []
        }
        return found
    }

    /// Whether `marker` is one of the zero-terminated strings of the process's environment.
    private func carries(_ marker: [UInt8], _ pid: pid_t) -> Bool {
        if spared.contains(pid) { return false }
        guard let environment = ProcFile.read("/proc/\(pid)/environ", upTo: ProcessTree.environmentBytesMax) else { return false }
        return environment.withUnsafeBytes { environment in
            marker.withUnsafeBytes { marker in
                nexus_environment_has(environment.baseAddress, environment.count, marker.baseAddress, marker.count) != 0
            }
        }
    }

    private static func everyProcess() -> [ProcessStatus] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var processes: [ProcessStatus] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let pid = pid_t(name), let status = ProcessStatus(pid: pid) { processes.append(status) }
        }
        return processes
    }
}
