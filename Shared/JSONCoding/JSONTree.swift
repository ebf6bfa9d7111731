/// Any JSON, its members in their order: for documents that are built or merged rather than read into types.
public indirect enum JSONTree: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([Member])

    public struct Member: Sendable, Equatable {
        public let name: String
        public var value: JSONTree

        public init(_ name: String, _ value: JSONTree) {
            self.name = name
            self.value = value
        }
    }

    /// Parses a text.
    /// - Throws: `JSONError`.
    public init(parsing bytes: [UInt8]) throws {
        let tape = try JSONTape(bytes)
        self = JSONTree(tape, 0)
    }

    private init(_ tape: JSONTape, _ token: Int) {
        let end = Int(tape.tokens[token].next)
        switch tape.tokens[token].kind {
        case .null: self = .null
        case .yes: self = .bool(true)
        case .no: self = .bool(false)
        case .string: self = .string(tape.text(token))
        case .number:
            // try?: a number that is no integer is the other case; one beyond a Double's range stays as text
            if let integer = try? tape.integer(Int64.self, at: token) {
                self = .integer(integer)
            } else if let number = try? tape.double(at: token) {  // try?: as above
                self = .number(number)
            } else {
                self = .string(tape.text(token))
            }
        case .array:
            var items: [JSONTree] = []
            var item = token + 1
            while item < end {
                items.append(JSONTree(tape, item))
                item = Int(tape.tokens[item].next)
            }
            self = .array(items)
        case .object:
            var members: [Member] = []
            var key = token + 1
            while key < end {
                members.append(Member(tape.text(key), JSONTree(tape, key + 1)))
                key = Int(tape.tokens[key + 1].next)
            }
            self = .object(members)
        }
    }

    /// An object's member, or nil. Setting nil removes it; setting a member of anything but an object makes it one.
    public subscript(_ name: String) -> JSONTree? {
        get { members.first { $0.name == name }?.value }
        set {
            var members = members
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name, value))
            case (nil, nil): return
            }
            self = .object(members)
        }
    }

    /// An object's members; none for anything else.
    public var members: [Member] { if case .object(let members) = self { members } else { [] } }
    /// An array's items; none for anything else.
    public var items: [JSONTree] { if case .array(let items) = self { items } else { [] } }
    public var text: String? { if case .string(let text) = self { text } else { nil } }
}

extension JSONTree: Encodable {
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let members):
            var container = encoder.container(keyedBy: JSONKey.self)
            for member in members { try container.encode(member.value, forKey: JSONKey(member.name)) }
        case .array(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        default:
            var single = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try single.encode(value)
            case .integer(let value): try single.encode(value)
            case .number(let value): try single.encode(value)
            case .string(let value): try single.encode(value)
            case .null, .array, .object: try single.encodeNil()
            }
        }
    }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONTree)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
}
