import Synchronization

extension Response {
    /// Collects the content, whatever produces it.
    /// - Throws: `HTTPError` 413 when it is longer than `limit` bytes; what the producer throws.
    public func wholeBody(upTo limit: Int) async throws -> [UInt8] {
        switch body {
        case .empty, .upgrade: return []
        case .bytes(let bytes): return bytes
        case .file(let region): return try region.read()
        case .stream(let stream):
            let collector = BodyCollector(limit: limit)
            try await stream.produce(collector)
            return collector.bytes
        }
    }
}

/// Takes a streamed content into memory.
private final class BodyCollector: BodyWriter {
    private let collected = Mutex<[UInt8]>([])
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var bytes: [UInt8] { collected.withLock { $0 } }

    func write(_ bytes: [UInt8]) async throws {
        let isWithin = collected.withLock { collected in
            guard collected.count + bytes.count <= limit else { return false }
            collected.append(contentsOf: bytes)
            return true
        }
        if !isWithin { throw HTTPError.contentTooLarge(limit: limit) }
    }
}
