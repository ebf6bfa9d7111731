/// A member of a PATCH body: left out, `null`, or a value. Null clears what may be cleared.
public enum Field<Value: Codable & Sendable>: Sendable {
    case absent
    case null
    case value(Value)

    /// What the member becomes, given what it is: for members that may be cleared.
    public func applied(to current: Value?) -> Value? {
        switch self {
        case .absent: current
        case .null: nil
        case .value(let value): value
        }
    }

    /// What the member becomes, for members that must have a value.
    /// - Throws: `ServiceError` 400 naming `field` when it is null.
    public func applied(to current: Value, field: String) throws -> Value {
        switch self {
        case .absent: current
        case .null: throw ServiceError.invalid(field, "must not be null")
        case .value(let value): value
        }
    }

    public var isAbsent: Bool { if case .absent = self { true } else { false } }
}

extension Field: Codable {
    public init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        self = single.decodeNil() ? .null : .value(try single.decode(Value.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        if case .value(let value) = self { try single.encode(value) } else { try single.encodeNil() }
    }
}

extension KeyedDecodingContainer {
    /// Chosen by synthesized `init(from:)` for a `Field` member: a missing key is `.absent`, not an error.
    public func decode<Value>(_ type: Field<Value>.Type, forKey key: Key) throws -> Field<Value> {
        guard contains(key) else { return .absent }
        if try decodeNil(forKey: key) { return .null }
        return .value(try decode(Value.self, forKey: key))
    }
}
