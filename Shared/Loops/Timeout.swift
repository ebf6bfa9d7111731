/// How long to wait for something, in the ticks of a loop's timer wheel; made once, compared often.
public struct Timeout: Sendable, Hashable {
    let ticks: UInt64

    /// - Parameter duration: rounded up to whole ticks of 10 ms; at least one.
    public init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let bounded = UInt64(min(max(0, seconds), Timeout.secondsMax))
        let milliseconds = bounded * 1000 + UInt64(max(0, attoseconds)) / 1_000_000_000_000_000
        ticks = max(1, (milliseconds + TimerWheel.tickMilliseconds - 1) / TimerWheel.tickMilliseconds)
    }

    /// How long it is; `UInt64.max` for `.never`.
    public var milliseconds: UInt64 {
        let (milliseconds, isTooMany) = ticks.multipliedReportingOverflow(by: TimerWheel.tickMilliseconds)
        return isTooMany ? .max : milliseconds
    }

    /// Beyond any process's life, and far from any overflow.
    private static let secondsMax: Int64 = 1 << 32

    private init(ticks: UInt64) { self.ticks = ticks }

    /// Waits as long as it takes.
    public static let never = Timeout(ticks: .max)

    public static func seconds(_ seconds: Int) -> Timeout { Timeout(.seconds(seconds)) }
    public static func milliseconds(_ milliseconds: Int) -> Timeout { Timeout(.milliseconds(milliseconds)) }
}
