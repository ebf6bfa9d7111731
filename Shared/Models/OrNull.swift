/// A member of an answer that is always there: a value, or `null`. (A synthesized `encode(to:)` leaves a nil out.)
public struct OrNull<Value: Codable & Sendable>: Sendable {
    public var value: Value?

    public init(_ value: Value?) { self.value = value }
}

extension OrNull: Codable {
    public init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        value = single.decodeNil() ? nil : try single.decode(Value.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        if let value { try single.encode(value) } else { try single.encodeNil() }
    }
}

extension OrNull: Equatable where Value: Equatable {}
extension OrNull: Hashable where Value: Hashable {}

extension KeyedDecodingContainer {
    /// Chosen by synthesized `init(from:)` for an `OrNull` member: a missing key is null.
    public func decode<Value>(_ type: OrNull<Value>.Type, forKey key: Key) throws -> OrNull<Value> {
        OrNull(try decodeIfPresent(Value.self, forKey: key))
    }
}
