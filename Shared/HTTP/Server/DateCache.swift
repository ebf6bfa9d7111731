import Glibc

/// The `Date` field's line (RFC 9110 §5.6.7), made once a second.
struct DateCache {
    private var second: time_t = -1
    private var cached: [UInt8] = []

    /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and its CR LF.
    mutating func line(at now: time_t = time(nil)) -> [UInt8] {
        if now != second {
            second = now
            cached = Array("Date: \(DateCache.text(now))\r\n".utf8)
        }
        return cached
    }

    /// IMF-fixdate.
    static func text(_ time: time_t) -> String {
        var time = time
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        return "\(days[Int(parts.tm_wday)]), \(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
