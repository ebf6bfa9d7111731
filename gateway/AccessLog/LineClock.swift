import Models

/// The time of a line, whose seconds are worked out once a second. Confined to its loop.
struct LineClock {
    private var second = Int64.min
    /// `2026-02-28T09:00:00`
    private var text: [UInt8] = []

    /// Appends RFC 3339 with milliseconds and `Z`.
    mutating func append(_ time: Timestamp, to output: inout [UInt8]) {
        let now = time.milliseconds / 1000
        if now != second {
            second = now
            text = Array(Timestamp(milliseconds: now * 1000).rfc3339.utf8.dropLast())
        }
        output.append(contentsOf: text)
        let fraction = Int(time.milliseconds % 1000)
        output.append(46)
        output.append(UInt8(48 + fraction / 100))
        output.append(UInt8(48 + fraction / 10 % 10))
        output.append(UInt8(48 + fraction % 10))
        output.append(90)
    }
}
