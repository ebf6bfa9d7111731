extension Headers {
    /// A copy without the fields called by any of `names` (lower case), with room for what is to be added: a proxy's two
    /// allocations.
    public func copied(without names: [StaticString], roomForBytes bytesMore: Int, fields fieldsMore: Int) -> Headers {
        copied(roomForBytes: bytesMore, fields: fieldsMore) { field in !names.contains { matches(field, $0) } }
    }

    /// The same for the fields that `keeps` keeps.
    public func copied(roomForBytes bytesMore: Int, fields fieldsMore: Int, _ keeps: (Field) -> Bool) -> Headers {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count + bytesMore)
        copy.append(contentsOf: bytes)
        var kept: [Field] = []
        kept.reserveCapacity(fields.count + fieldsMore)
        for field in fields where keeps(field) { kept.append(field) }
        return Headers(bytes: copy, fields: kept)
    }
}
