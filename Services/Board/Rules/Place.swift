/// Where an issue stands among others: by its order, and by its rank among those of the same order. Between any two different
/// places there is another, so that moving one issue touches no other.
struct Place: Hashable, Comparable, Sendable {
    /// What the crews surface shows as `sort_order`.
    var order: Double
    var rank: String

    static func < (left: Place, right: Place) -> Bool {
        left.order == right.order ? left.rank < right.rank : left.order < right.order
    }

    /// The rank of an issue that was not put beside another: no two have the same, and later ones are greater.
    static func rank(of id: String) -> String {
        // A rank does not end with the lowest digit.
        String(id.drop { $0 != "_" }.dropFirst()) + "i"
    }

    /// A place after `low` and before `high`; either may be absent.
    /// - Parameter rank: the rank to have where the order alone decides.
    /// - Returns: nil when `low` does not come before `high`.
    static func between(_ low: Place?, _ high: Place?, rank: String) -> Place? {
        switch (low, high) {
        case (nil, nil): return Place(order: 1, rank: rank)
        case (let low?, nil):
            let next = low.order.rounded(.down) + 1
            if next > low.order, next.isFinite { return Place(order: next, rank: rank) }
            return Rank.between(low.rank, nil).map { Place(order: low.order, rank: $0) }
        case (nil, let high?):
            let previous = high.order.rounded(.up) - 1
            if previous < high.order, previous.isFinite { return Place(order: previous, rank: rank) }
            return Rank.between(nil, high.rank).map { Place(order: high.order, rank: $0) }
        case (let low?, let high?):
            guard low < high else { return nil }
            if low.order == high.order { return Rank.between(low.rank, high.rank).map { Place(order: low.order, rank: $0) } }
            let middle = low.order + (high.order - low.order) / 2
            if middle > low.order, middle < high.order { return Place(order: middle, rank: rank) }
            // No number lies between: what shares the lower one's comes after it, and nothing else does.
            return Rank.between(low.rank, nil).map { Place(order: low.order, rank: $0) }
        }
    }
}
