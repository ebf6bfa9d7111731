/// An entity tag (RFC 9110 §8.8.3): names one version of a representation.
public struct EntityTag: Sendable, Hashable, CustomStringConvertible {
    /// The characters between the quotes.
    public let opaque: String
    /// Stands for versions that are as good as equal, not equal byte by byte.
    public let isWeak: Bool

    /// - Parameter opaque: characters that a tag cannot hold (quotes, spaces, controls) become hyphens.
    public init(_ opaque: String, isWeak: Bool = false) {
        self.opaque = String(decoding: opaque.utf8.map { EntityTag.isTagByte($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
        self.isWeak = isWeak
    }

    /// The form of the `ETag` field.
    public var description: String { isWeak ? "W/\"\(opaque)\"" : "\"\(opaque)\"" }

    /// Both are strong and equal (§8.8.3.2).
    public func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }

    /// They are equal, weak or not.
    public func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

    /// The tags of an `If-Match` or `If-None-Match` value; nil when it is not a list of tags.
    public static func list(_ value: ArraySlice<UInt8>) -> [EntityTag]? {
        var tags: [EntityTag] = []
        var index = value.startIndex
        while index < value.endIndex {
            if value[index] == 32 || value[index] == 9 || value[index] == UInt8(ascii: ",") {
                index += 1
                continue
            }
            var isWeak = false
            if value[index] == UInt8(ascii: "W"), index + 1 < value.endIndex, value[index + 1] == UInt8(ascii: "/") {
                isWeak = true
                index += 2
            }
            guard index < value.endIndex, value[index] == UInt8(ascii: "\"") else { return nil }
            guard let end = value[(index + 1)...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            let opaque = value[(index + 1)..<end]
            guard opaque.allSatisfy(isTagByte) else { return nil }
            tags.append(EntityTag(String(decoding: opaque, as: UTF8.self), isWeak: isWeak))
            index = end + 1
            // Two tags with nothing between them are no list.
            guard index == value.endIndex || [32, 9, UInt8(ascii: ",")].contains(value[index]) else { return nil }
        }
        return tags
    }

    private static func isTagByte(_ byte: UInt8) -> Bool { byte == 0x21 || (0x23...0x7E).contains(byte) || byte >= 0x80 }
}

extension Headers {
    /// Whether `If-Match` lets a change go ahead (RFC 9110 §13.1.1): it is absent, `*` and there is something, or lists the
    /// current tag.
    /// - Parameter current: the tag of what is there, nil when nothing is.
    public func ifMatchHolds(for current: EntityTag?) -> Bool {
        guard count("if-match") > 0 else { return true }
        guard let current else { return false }
        return anyTag("if-match") { $0.matchesStrongly(current) }
    }

    /// Whether `If-None-Match` lists the current tag (§13.1.2): a read is answered with 304 then, and anything else with 412.
    public func ifNoneMatchHits(_ current: EntityTag?) -> Bool {
        guard let current, count("if-none-match") > 0 else { return false }
        return anyTag("if-none-match") { $0.matchesWeakly(current) }
    }

    private func anyTag(_ name: StaticString, _ matches: (EntityTag) -> Bool) -> Bool {
        for field in fields where self.matches(field, name) {
            let value = bytes[field.value]
            if value.elementsEqual([UInt8(ascii: "*")]) { return true }
            // A value that is no list of tags matches nothing.
            if let tags = EntityTag.list(value), tags.contains(where: matches) { return true }
        }
        return false
    }
}
