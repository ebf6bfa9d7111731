import Glibc
import Models
import Service

/// The append-only file of one run's log: opening, recovering, seeking, reading. All of it blocks, and is called off the loops.
final class LogFile: Sendable {
    let path: String
    private let descriptor: Int32
    /// First read backwards from the end for the last record.
    private static let recoveryBytes = 64 * 1024
    private static let seekBytes = 4096

    /// Opens the file, which is made with its folder when missing.
    /// - Throws: `ServiceError`: 503 when there are no descriptors left, 507, or internal.
    init(_ path: String) throws {
        self.path = path
        if let slash = path.lastIndex(of: "/") { try Folders.make(String(path[..<slash])) }
        descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure.error("open", path) }
    }

    deinit { close(descriptor) }

    func size() throws -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure.error("fstat", path) }
        return Int64(status.st_size)
    }

    /// Appends all of `bytes`.
    func append(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFailure.error("write", path) }
            done += count
        }
    }

    /// Returns once what was appended is durable.
    func sync() throws {
        guard fdatasync(descriptor) == 0 else { throw FileFailure.error("fdatasync", path) }
    }

    func truncate(to size: Int64) throws {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileFailure.error("ftruncate", path) }
    }

    /// Up to `count` bytes from `offset` on; fewer at the file's end.
    func read(at offset: Int64, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset + Int64(done)))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw FileFailure.error("pread", path) }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// The last whole record, after everything behind it (a torn write) was cut off; nil when there is none.
    func recover() throws -> LogRecord? {
        let size = try size()
        var window = Int64(LogFile.recoveryBytes)
        while true {
            let start = max(0, size - window)
            let bytes = try read(at: start, Int(size - start))
            var end = bytes.endIndex
            while let lineEnd = bytes[..<end].lastIndex(of: 10) {
                guard let before = bytes[..<lineEnd].lastIndex(of: 10) ?? (start == 0 ? -1 : nil) else { break }
                if let record = LogRecord(bytes[(before + 1)..<lineEnd]) {
                    try cut(to: start + Int64(lineEnd) + 1, from: size)
                    return record
                }
                end = lineEnd
            }
            if start == 0 {
                try cut(to: 0, from: size)
                return nil
            }
            window *= 4
        }
    }

    /// Where the record after `seq` begins, by bisection; `end` when there is none before `end`.
    func offset(after seq: Int64, before end: Int64) throws -> Int64 {
        if seq <= 0 { return 0 }
        var low: Int64 = 0
        var high = end
        // Between `low` (where a record up to `seq` begins, or 0) and `high` (where one after it begins, or the end).
        while high - low > Int64(LogFile.seekBytes) {
            let middle = low + (high - low) / 2
            guard let found = try record(from: middle, before: high) else {
                high = middle
                continue
            }
            if found.seq <= seq { low = found.start } else { high = middle }
        }
        var position = low
        while position < end, let found = try record(at: position, before: end) {
            if found.seq > seq { return position }
            position = found.end
        }
        return position
    }

    /// The first record that begins after `offset` and before `limit`.
    private func record(from offset: Int64, before limit: Int64) throws -> (seq: Int64, start: Int64)? {
        var position = offset
        while position < limit {
            let bytes = try read(at: position, Int(min(Int64(LogFile.seekBytes), limit - position)))
            if bytes.isEmpty { return nil }
            guard let lineEnd = bytes.firstIndex(of: 10) else {
                position += Int64(bytes.count)
                continue
            }
            let start = position + Int64(lineEnd) + 1
            if start >= limit { return nil }
            return try record(at: start, before: try size()).map { ($0.seq, start) }
        }
        return nil
    }

    /// The record that begins at `offset`.
    private func record(at offset: Int64, before limit: Int64) throws -> (seq: Int64, end: Int64)? {
        var count = LogFile.seekBytes
        while true {
            let bytes = try read(at: offset, Int(min(Int64(count), limit - offset)))
            if let lineEnd = bytes.firstIndex(of: 10) {
                guard let record = LogRecord(bytes[..<lineEnd]) else {
                    throw ServiceError.internal("\(path): a record at \(offset) is damaged")
                }
                return (record.seq, offset + Int64(lineEnd) + 1)
            }
            if bytes.count < count { return nil }
            count *= 4
        }
    }

    private func cut(to wanted: Int64, from size: Int64) throws {
        if wanted < size { try truncate(to: wanted) }
    }
}
