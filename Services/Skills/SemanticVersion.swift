/// A version of Semantic Versioning 2.0: `1.2.0`, `2.0.0-beta.1`, `1.0.0+build`.
struct SemanticVersion: Comparable {
    static let bytesMax = 64

    private let numbers: [Int]
    private let preRelease: [Substring]

    /// nil when `text` is none (§2, §9, §10): no leading zeros, no empty identifier, nothing but `0-9A-Za-z-`.
    init?(_ text: String) {
        guard text.utf8.count <= SemanticVersion.bytesMax else { return nil }
        let plus = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let dash = plus[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = dash[0].split(separator: ".", omittingEmptySubsequences: false).map(SemanticVersion.number)
        guard numbers.count == 3, numbers.allSatisfy({ $0 != nil }) else { return nil }
        preRelease = dash.count > 1 ? dash[1].split(separator: ".", omittingEmptySubsequences: false) : []
        let build = plus.count > 1 ? plus[1].split(separator: ".", omittingEmptySubsequences: false) : []
        guard (preRelease + build).allSatisfy(SemanticVersion.isIdentifier) else { return nil }
        let hasLeadingZero = preRelease.contains {
            $0.utf8.allSatisfy { (48...57).contains($0) } && $0.utf8.count > 1 && $0.first == "0"
        }
        guard !hasLeadingZero else { return nil }
        self.numbers = numbers.compactMap { $0 }
    }

    /// §11: a pre-release comes before its release; numbers are less than words; build metadata does not count.
    static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        if left.numbers != right.numbers { return left.numbers.lexicographicallyPrecedes(right.numbers) }
        if left.preRelease.isEmpty || right.preRelease.isEmpty { return !left.preRelease.isEmpty && right.preRelease.isEmpty }
        for (mine, other) in zip(left.preRelease, right.preRelease) where mine != other {
            switch (Int(mine), Int(other)) {
            case (let mine?, let other?): return mine < other
            case (.some, nil): return true
            case (nil, .some): return false
            case (nil, nil): return mine < other
            }
        }
        return left.preRelease.count < right.preRelease.count
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), text.utf8.count == 1 || text.first != "0" else {
            return nil
        }
        return Int(text)
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 45, 48...57, 65...90, 97...122: true
                default: false
                }
            }
    }
}
