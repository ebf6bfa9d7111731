import Glibc
import Loops

/// What a child prints, as it comes. Nothing is read before it is asked for: a child that prints faster than it is read waits.
///
/// Read by one task at a time, on the loop that started the child.
public final class OutputPipe: Sendable {
    /// The most bytes in one piece; a pipe holds as many.
    private static let pieceBytesMax = 64 * 1024

    private let channel: Channel

    init(_ channel: Channel) { self.channel = channel }

    deinit {
        let channel = channel
        if channel.loop.isCurrent { channel.close() } else { channel.loop.execute { channel.close() } }
    }

    /// The next piece, or nil at the end: when the child and all that inherited its output have closed it.
    /// - Throws: `CancellationError`; `SystemError` when reading fails.
    public func next() async throws -> [UInt8]? {
        guard channel.isOpen else { return nil }
        let piece = try await channel.readSome(upTo: OutputPipe.pieceBytesMax)
        if !piece.isEmpty { return piece }
        channel.close()
        return nil
    }

    /// Reads to the end.
    /// - Parameter limit: bytes kept; what is over is read and dropped.
    public func collect(upTo limit: Int) async throws -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = try await next() { whole += piece.prefix(limit - whole.count) }
        return whole
    }
}
