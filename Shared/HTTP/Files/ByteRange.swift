/// What a `Range` field asks for (RFC 9110 §14).
enum ByteRange: Equatable {
    /// The whole: there is no range, or none that is understood, or more than one (§14.2 lets a server ignore it).
    case whole
    case part(Range<Int>)
    case unsatisfiable

    /// - Parameter size: of the whole, in bytes.
    init(_ value: ArraySlice<UInt8>, size: Int) {
        self = .whole
        let value = Headers.trimmed(value)
        let unit = Array("bytes=".utf8)
        guard value.count > unit.count, Headers.equalIgnoringCase(value.prefix(unit.count), unit[...]) else { return }
        let range = Headers.trimmed(value.dropFirst(unit.count))
        guard let dash = range.firstIndex(of: UInt8(ascii: "-")) else { return }
        guard let first = ByteRange.number(range[..<dash]), let last = ByteRange.number(range[(dash + 1)...]) else { return }
        switch (first, last) {
        case (nil, nil): return
        case (nil, let count?): self = count == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - count)..<size)
        case (let first?, nil): self = first < size ? .part(first..<size) : .unsatisfiable
        case (let first?, let last?):
            guard first <= last else { return }
            self = first < size ? .part(first..<(last < size ? last + 1 : size)) : .unsatisfiable
        }
    }

    /// A number, nil inside when there are no digits, nil when there is anything else. Numbers past any file's size are as good
    /// as that.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int?? {
        if digits.isEmpty { return .some(nil) }
        var value = 0
        for digit in digits {
            guard digit &- 48 < 10 else { return nil }
            value = min(value * 10 + Int(digit - 48), Int.max / 100)
        }
        return value
    }
}
