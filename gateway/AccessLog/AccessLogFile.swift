import Glibc
import Service

/// Where lines go: a file that is cut off at a size and kept a few times over, or standard error. Used by one thread.
struct AccessLogFile {
    /// Bytes of a file before it is moved aside. At 400 bytes a line, 160,000 requests.
    static let bytesMax = 64 << 20
    /// Files kept beside the one that is written: what the log may take is this many times, and once more, `bytesMax`.
    static let keptMax = 4
    /// Standard error is shared with others' lines, and a pipe keeps a write of this size together (`pipe(7)`).
    static let pieceBytesMax = 4096

    private let path: String?
    private let bytesMax: Int
    private var descriptor: Int32
    private var count = 0

    /// - Parameter path: nil for standard error.
    /// - Throws: `Options.Problem` when it cannot be written.
    init(path: String?, bytesMax: Int = AccessLogFile.bytesMax) throws {
        self.path = path
        self.bytesMax = bytesMax
        descriptor = 2
        guard let path else { return }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        // That it is there already is as good; anything else shows when the file is opened.
        if !folder.isEmpty { mkdir(folder, 0o700) }
        descriptor = AccessLogFile.open(path)
        guard descriptor >= 0 else {
            throw Options.Problem(message: "--access-log: cannot write \(path): \(String(cString: strerror(errno)))")
        }
        count = AccessLogFile.size(descriptor)
    }

    /// Writes whole lines. False when they are lost: the disk is full, the file cannot be opened.
    mutating func write(_ lines: [UInt8]) -> Bool {
        guard path != nil else { return AccessLogFile.writeInPieces(lines, to: descriptor) }
        if count > 0, count + lines.count > bytesMax { rotate() }
        guard descriptor >= 0, AccessLogFile.write(lines[...], to: descriptor) else { return false }
        count += lines.count
        return true
    }

    /// Opens the file anew: somebody has moved it away.
    mutating func reopen() {
        guard let path else { return }
        let opened = AccessLogFile.open(path)
        // The old file goes on when there is no new one.
        guard opened >= 0 else { return }
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = opened
        count = AccessLogFile.size(opened)
    }

    mutating func close() {
        if path != nil, descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// `access.log` becomes `access.log.1`, that `access.log.2`, and the last one goes. A pipe or a device is left alone.
    private mutating func rotate() {
        guard let path, AccessLogFile.isRegular(descriptor) else { return count = 0 }
        for number in stride(from: AccessLogFile.keptMax, to: 1, by: -1) { rename("\(path).\(number - 1)", "\(path).\(number)") }
        // When the folder no longer lets it be renamed, the file grows on: better than to lose it.
        rename(path, "\(path).1")
        reopen()
    }

    /// Does not wait for a reader of a pipe; later writes may wait, on the thread that is there for it.
    private static func open(_ path: String) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        if descriptor >= 0 { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) }
        return descriptor
    }

    private static func size(_ descriptor: Int32) -> Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    private static func isRegular(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func writeInPieces(_ lines: [UInt8], to descriptor: Int32) -> Bool {
        var rest = lines[...]
        while !rest.isEmpty {
            let limit = rest.prefix(pieceBytesMax)
            let end = limit.count == rest.count ? rest.endIndex : (limit.lastIndex(of: 10).map { $0 + 1 } ?? limit.endIndex)
            guard write(rest[..<end], to: descriptor) else { return false }
            rest = rest[end...]
        }
        return true
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
