/// Looks at a whole raw path before any of it is matched.
enum PathCheck {
    enum Verdict: Equatable {
        case plain(hasEscapes: Bool)
        /// Two slashes in a row: no pattern has that.
        case emptySegment
        case bad
    }

    /// A segment must decode to well-formed UTF-8 without slashes, backslashes or control bytes, and must be neither `.` nor
    /// `..`: whatever a handler makes of it later, it names one thing in one place.
    static func check(_ path: ArraySlice<UInt8>) -> Verdict {
        var hasEscapes = false
        var hasEmptySegment = false
        var start = path.startIndex + 1
        var index = start
        var needsDecoding = false
        while index <= path.endIndex {
            if index == path.endIndex || path[index] == UInt8(ascii: "/") {
                if index == start {
                    // The last one may be empty: that is a trailing slash.
                    if index < path.endIndex { hasEmptySegment = true }
                } else if needsDecoding {
                    hasEscapes = true
                    guard let plain = PercentCoding.decoded(path[start..<index]), isSafe(plain[...], decoded: true) else {
                        return .bad
                    }
                } else if isDots(path[start..<index]) {
                    return .bad
                }
                start = index + 1
                needsDecoding = false
            } else {
                switch path[index] {
                case UInt8(ascii: "%"), 0x80...0xFF: needsDecoding = true
                case 0..<0x20, 0x7F, UInt8(ascii: "\\"): return .bad
                default: break
                }
            }
            index += 1
        }
        return hasEmptySegment ? .emptySegment : .plain(hasEscapes: hasEscapes)
    }

    private static func isSafe(_ segment: ArraySlice<UInt8>, decoded: Bool) -> Bool {
        for byte in segment where byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "/") {
            return false
        }
        return !isDots(segment) && UTF8Check.firstInvalid(in: segment) == nil
    }

    private static func isDots(_ segment: ArraySlice<UInt8>) -> Bool {
        segment.count <= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") }
    }
}
