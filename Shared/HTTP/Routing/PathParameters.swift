/// What the `{…}` segments of a route's pattern stood for in a path. Decoded when asked for.
public struct PathParameters: Sendable {
    let path: ArraySlice<UInt8>
    let names: [String]
    let ranges: [Range<Int>]

    /// No parameters.
    public init() { self.init(path: [], names: [], ranges: []) }

    init(path: ArraySlice<UInt8>, names: [String], ranges: [Range<Int>]) {
        self.path = path
        self.names = names
        self.ranges = ranges
    }

    public var count: Int { ranges.count }

    /// The decoded value of the parameter called `name`, or nil when the pattern has none.
    public subscript(_ name: StaticString) -> String? {
        // unsafe: a StaticString's bytes are immortal
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        for (index, candidate) in names.enumerated() where candidate.utf8.elementsEqual(wanted) { return value(at: index) }
        return nil
    }

    /// The decoded value of the parameter at `index`, in the pattern's order.
    public func value(at index: Int) -> String? {
        let raw = path[ranges[index]]
        guard raw.contains(UInt8(ascii: "%")) else { return String(decoding: raw, as: UTF8.self) }
        return PercentCoding.string(raw)
    }
}
