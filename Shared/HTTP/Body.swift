/// A message's content on its way in: nothing, whole, or pulled piece by piece.
public enum Body: Sendable {
    case empty
    case bytes([UInt8])
    case stream(BodyStream)

    /// The next piece, or nil at the end. A whole body is one piece.
    ///
    /// Backpressure: nothing is read from the peer until a piece is asked for.
    public mutating func next() async throws -> [UInt8]? {
        switch self {
        case .empty: return nil
        case .bytes(let bytes):
            self = .empty
            return bytes
        case .stream(let stream): return try await stream.next()
        }
    }

    /// The whole content.
    /// - Throws: `HTTPError` 413 when it is longer than `limit` bytes; 503 when too much is being gathered for others.
    public func collect(upTo limit: Int) async throws -> [UInt8] {
        switch self {
        case .empty: return []
        case .bytes(let bytes):
            guard bytes.count <= limit else { throw HTTPError.contentTooLarge(limit: limit) }
            return bytes
        case .stream(let stream):
            if let length = stream.length, length > limit { throw HTTPError.contentTooLarge(limit: limit) }
            var whole: [UInt8] = []
            while let piece = try await stream.next() {
                guard whole.count + piece.count <= limit else { throw HTTPError.contentTooLarge(limit: limit) }
                try stream.hold(piece.count)
                whole.append(contentsOf: piece)
            }
            return whole
        }
    }

    /// The number of bytes when it is known beforehand.
    public var length: Int? {
        switch self {
        case .empty: 0
        case .bytes(let bytes): bytes.count
        case .stream(let stream): stream.length
        }
    }
}

/// Content that arrives piece by piece. Read by one task at a time.
public final class BodyStream: Sendable {
    /// The `Content-Length`, or nil when the content is chunked.
    public let length: Int?
    /// Called with the size of each piece that is kept until the request is answered; throws when that is too much.
    let hold: @Sendable (Int) throws -> Void
    private let pull: @Sendable () async throws -> [UInt8]?

    /// - Parameter pull: gives the next piece (never an empty one), nil at the end and after it.
    public convenience init(length: Int?, pull: @escaping @Sendable () async throws -> [UInt8]?) {
        self.init(length: length, hold: { _ in }, pull: pull)
    }

    init(
        length: Int?, hold: @escaping @Sendable (Int) throws -> Void, pull: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.length = length
        self.hold = hold
        self.pull = pull
    }

    /// The next piece, or nil at the end.
    public func next() async throws -> [UInt8]? { try await pull() }
}
