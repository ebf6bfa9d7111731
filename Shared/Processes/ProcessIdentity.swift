import CSystem
import Glibc

/// A process that is never mistaken for another one: its number, and when it started, by the machine's own record.
///
/// A recorded pid may be another process's after a restart; a pid with its start time, in one boot of the machine, is not.
public struct ProcessIdentity: Sendable, Hashable, Codable {
    public let pid: pid_t
    /// Clock ticks from the machine's start to the process's.
    public let startTicks: UInt64
    /// Which boot of the machine the ticks count from.
    public let boot: String

    enum CodingKeys: String, CodingKey {
        case pid, startTicks = "start_ticks", boot
    }

    init(pid: pid_t, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
        boot = ProcessIdentity.currentBoot
    }

    /// The process that has this number now; nil when there is none.
    public init?(pid: pid_t) {
        guard let status = ProcessStatus(pid: pid) else { return nil }
        self.init(pid: pid, startTicks: status.startTicks)
    }

    /// This very process.
    public static var current: ProcessIdentity {
        ProcessIdentity(pid: getpid()) ?? ProcessIdentity(pid: getpid(), startTicks: 0)
    }

    /// Whether the process is there and has not ended (one that waits to be reaped has).
    public var isAlive: Bool {
        guard boot == ProcessIdentity.currentBoot, let status = ProcessStatus(pid: pid) else { return false }
        return status.startTicks == startTicks && !status.isEnded
    }

    /// Sends a signal to this process, and never to another that has got its number since.
    /// - Returns: false when it is gone, or not ours to signal.
    @discardableResult
    public func signal(_ number: Int32) -> Bool {
        let descriptor = nexus_pidfd_open(pid)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // The descriptor holds on to whoever has the number now; if that is the right one, it stays the right one.
        guard isAlive else { return false }
        return nexus_pidfd_signal(descriptor, number) == 0
    }

    private static let currentBoot: String = {
        let bytes = ProcFile.read("/proc/sys/kernel/random/boot_id", upTo: 64) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()
}

/// What `/proc/<pid>/stat` says of a process (proc(5)).
struct ProcessStatus {
    let pid: pid_t
    let state: UInt8
    let parent: pid_t
    let group: pid_t
    let startTicks: UInt64

    /// It has ended, and waits to be reaped.
    var isEnded: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

    var identity: ProcessIdentity { ProcessIdentity(pid: pid, startTicks: startTicks) }

    init?(pid: pid_t) {
        // The name, in parentheses, may hold anything, parentheses and spaces too: fields are counted from the last one.
        guard let bytes = ProcFile.read("/proc/\(pid)/stat", upTo: 4096),
            let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(nameEnd + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first,
            let parent = ProcessStatus.number(fields[1]), let group = ProcessStatus.number(fields[2]),
            let startTicks = ProcessStatus.number(fields[19])
        else { return nil }
        self.pid = pid
        self.state = state
        self.parent = pid_t(truncatingIfNeeded: parent)
        self.group = pid_t(truncatingIfNeeded: group)
        self.startTicks = startTicks
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? { UInt64(String(decoding: digits, as: UTF8.self)) }
}

/// Files of `/proc`: read whole, never blocking.
enum ProcFile {
    /// Nil when the file is gone or not ours to read.
    static func read(_ path: String, upTo limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(limit, 16 * 1024))
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &buffer, min(buffer.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
