/// Any JSON value, for the few members whose shape is the caller's own.
public enum JSONValue: Sendable, Hashable, Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Tries the kinds in the order in which they are common: a kind that it is not costs an error made and thrown away.
    public init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let value = try? single.decode(String.self) {  // try?: another kind is no error, the next is tried
            self = .string(value)
        } else if single.decodeNil() {
            self = .null
        } else if let keyed = try? decoder.container(keyedBy: AnyKey.self) {  // try?: as above
            var object: [String: JSONValue] = [:]
            for key in keyed.allKeys { object[key.stringValue] = try keyed.decode(JSONValue.self, forKey: key) }
            self = .object(object)
        } else if let value = try? single.decode(Int64.self) {  // try?: as above
            self = .integer(value)
        } else if let value = try? single.decode(Bool.self) {  // try?: as above
            self = .bool(value)
        } else if let value = try? single.decode(Double.self) {  // try?: as above
            self = .number(value)
        } else {
            var items = try decoder.unkeyedContainer()
            var array: [JSONValue] = []
            while !items.isAtEnd { array.append(try items.decode(JSONValue.self)) }
            self = .array(array)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let object):
            var keyed = encoder.container(keyedBy: AnyKey.self)
            // Sorted: the same value always gives the same bytes.
            for (name, value) in object.sorted(by: { $0.key < $1.key }) {
                try keyed.encode(value, forKey: AnyKey(stringValue: name))
            }
        case .array(let array):
            var items = encoder.unkeyedContainer()
            for value in array { try items.encode(value) }
        case .null:
            var single = encoder.singleValueContainer()
            try single.encodeNil()
        case .bool(let value): try encodeSingle(value, to: encoder)
        case .integer(let value): try encodeSingle(value, to: encoder)
        case .number(let value): try encodeSingle(value, to: encoder)
        case .string(let value): try encodeSingle(value, to: encoder)
        }
    }

    private func encodeSingle(_ value: some Encodable, to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(value)
    }

    public subscript(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
}

/// A coding key made at run time.
public struct AnyKey: CodingKey {
    public let stringValue: String
    public let intValue: Int?

    public init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    public init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
}
