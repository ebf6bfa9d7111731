extension Headers {
    /// A copy without the fields called by any of `names` (lower case), with room for what is to be added: a proxy's two
    /// allocations.
    public func copied(without names: [StaticString], roomForBytes bytesMore: Int, fields fieldsMore: Int) -> Headers {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count + bytesMore)
        copy.append(contentsOf: bytes)
        var kept: [Field] = []
        kept.reserveCapacity(fields.count + fieldsMore)
        for field in fields where !names.contains(where: { matches(field, $0) }) { kept.append(field) }
        return Headers(bytes: copy, fields: kept)
    }
}
