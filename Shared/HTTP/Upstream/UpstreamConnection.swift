import Loops

/// A connection to an upstream, used by one exchange at a time. Confined to its loop.
final class UpstreamConnection: @unchecked Sendable {  // Confined to its loop's thread.
    /// The connection was a pooled one and gave not one byte: the upstream had closed it.
    struct Stale: Error {}

    let channel: Channel
    /// It has served another exchange before.
    var isReused = false
    /// The sweep of its pool before which it was last used.
    var sweep: UInt64 = 0
    /// Something of the current response has been received.
    var hasReceived = false

    init(_ channel: Channel) { self.channel = channel }

    /// Nothing is known to be wrong with it.
    var isHealthy: Bool { channel.isOpen && !channel.isPeerShutDown && !channel.isHungUp }

    /// It is healthy, and the upstream has sent nothing since the last response: what it says unasked is no answer.
    var isQuiet: Bool {
        guard isHealthy else { return false }
        guard channel.isReadReady else { return true }
        var byte: UInt8 = 0
        // try?: a failing read and a byte both mean that the connection is of no more use
        return (try? withUnsafeMutableBytes(of: &byte) { try channel.read(into: $0) }) == .some(.none)
    }

    /// Reads some bytes into `scratch`, and gives those that were read: none at the end.
    /// - Throws: `SystemError`, `ChannelError`, `CancellationError`.
    func read(into scratch: UnsafeMutableRawBufferPointer, _ timeout: () -> Timeout) async throws -> UnsafeRawBufferPointer {
        while true {
            try await channel.waitReadable(timeout())
            if let count = try channel.read(into: scratch) {
                if count > 0 { hasReceived = true }
                return UnsafeRawBufferPointer(rebasing: scratch[..<count])
            }
        }
    }
}
