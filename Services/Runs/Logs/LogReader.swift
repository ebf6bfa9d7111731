import Dispatch
import Models

/// Reads a log for one watcher: from the shared tail when it keeps up, from the file when it does not.
struct LogReader: Sendable {
    /// Reads of files, off the loops and apart from the writes: those who lag behind hold up nobody else.
    private static let queue = DispatchQueue(label: "nexus.runs.logs.read", attributes: .concurrent)

    let log: RunLog
    private let limits: LogLimits
    /// The last line that the watcher has had.
    private(set) var position: Int64
    /// Where the line after it begins in the file, when that is known.
    private var offset: Int64?

    init(_ log: RunLog, after position: Int64, limits: LogLimits = LogLimits()) {
        self.log = log
        self.limits = limits
        self.position = position
    }

    /// What is next for the watcher.
    enum Step: Sendable {
        /// Lines after `after`; the chunk may begin before them.
        case lines(LogChunk, after: Int64)
        case nothingYet
        case ended(RunStatus)
        case closing
    }

    mutating func next() async throws -> Step {
        switch log.next(after: position) {
        case .chunk(let chunk):
            let after = position
            position = chunk.last
            offset = nil
            return .lines(chunk, after: after)
        case .inFile(let end):
            let chunk = try await read(upTo: end)
            let after = position
            position = chunk.last
            return .lines(chunk, after: after)
        case .nothingYet: return .nothingYet
        case .ended(let status): return .ended(status)
        case .closing: return .closing
        }
    }

    private mutating func read(upTo end: Int64) async throws -> LogChunk {
        let (file, position, known, limits) = (log.file, position, offset, limits)
        let (chunk, next) = try await withCheckedThrowingContinuation { continuation in
            LogReader.queue.async {
                continuation.resume(
                    with: Result { try LogReader.read(file, after: position, at: known, upTo: end, limits: limits) })
            }
        }
        offset = next
        return chunk
    }

    /// Reads some whole records: at least one.
    private static func read(
        _ file: LogFile, after position: Int64, at known: Int64?, upTo end: Int64, limits: LogLimits
    ) throws -> (LogChunk, next: Int64) {
        var offset = try known ?? file.offset(after: position, before: end)
        var count = limits.readBytes
        while true {
            let bytes = try file.read(at: offset, Int(min(Int64(count), end - offset)))
            guard let last = bytes.lastIndex(of: 10) else {
                guard bytes.count == count else { throw ServiceError.internal("\(file.path): nothing after line \(position)") }
                count *= 4
                continue
            }
            var chunk = LogChunk(first: position + 1)
            for record in bytes[...last].split(separator: 10) {
                guard let head = LogRecord(record), head.seq == chunk.last + 1 else {
                    throw ServiceError.internal("\(file.path): line \(chunk.last + 1) is damaged")
                }
                chunk.append(json: record[(record.startIndex + head.jsonStart)...])
            }
            offset += Int64(last) + 1
            return (chunk, offset)
        }
    }
}
