/// How fast a peer sends while it is waited for. Only the time counts in which nothing but the peer holds things up: a handler
/// that is slow in asking does not make its client slow.
struct TransferRate {
    private var waitedMilliseconds: UInt64 = 0
    private var bytes = 0

    /// Some bytes have come.
    mutating func moved(_ count: Int) { bytes += count }

    /// The peer was waited for.
    /// - Parameter window: after so many milliseconds of waiting the account is made up, and begins anew.
    /// - Returns: false when too little has come in the window.
    mutating func waited(_ milliseconds: UInt64, window: UInt64, bytesPerSecondMin: Int) -> Bool {
        waitedMilliseconds += milliseconds
        guard waitedMilliseconds >= window else { return true }
        let isEnough = UInt64(bytes) * 1000 >= UInt64(bytesPerSecondMin) * waitedMilliseconds
        waitedMilliseconds = 0
        bytes = 0
        return isEnough
    }
}
