import Glibc

/// A system call that failed.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The value of `errno`.
    public let code: Int32
    public let call: String

    public init(_ call: String, code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    public var description: String { "\(call): \(reason)" }

    /// The kernel's words for the code.
    var reason: String { String(cString: strerror(code)) }
}

/// Why a wait for a descriptor ended without it being ready.
public enum ChannelError: Error, Sendable, Equatable {
    case timedOut
    /// Closed on this side.
    case closed
    /// The peer's end is gone.
    case hungUp
}
