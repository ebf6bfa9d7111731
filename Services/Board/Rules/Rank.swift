/// Places in a column, as text that orders by its bytes: between any two there is another, so moving a card touches no other
/// card.
enum Rank {
    private static let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

    /// A rank after `low` and before `high`; either may be absent. Ranks never end with the lowest digit, so there is always one.
    /// - Returns: nil when `low` does not come before `high`.
    static func between(_ low: String?, _ high: String?) -> String? {
        if let low, let high, low >= high { return nil }
        let lower = Array((low ?? "").utf8)
        let upper = high.map { Array($0.utf8) }
        var rank: [UInt8] = []
        var isBounded = upper != nil
        var index = 0
        while true {
            let from = index < lower.count ? value(lower[index]) : 0
            let to = isBounded ? upper.flatMap { index < $0.count ? value($0[index]) : nil } ?? 0 : digits.count
            if to - from > 1 {
                rank.append(digits[(from + to) / 2])
                return String(decoding: rank, as: UTF8.self)
            }
            rank.append(digits[from])
            if to > from { isBounded = false }
            index += 1
        }
    }

    private static func value(_ digit: UInt8) -> Int { digits.firstIndex(of: digit) ?? 0 }
}
