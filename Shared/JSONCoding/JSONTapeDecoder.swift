import Glibc

/// What a type's `init(from:)` sees of one value.
struct JSONTapeDecoder: Decoder, SingleValueDecodingContainer {
    let tape: JSONTape
    let token: Int

    /// Made only when asked for: when something has gone wrong.
    var codingPath: [any CodingKey] { tape.codingPath(to: token) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard tape.tokens[token].kind == .object else { throw tape.mismatch(token, "an object") }
        return KeyedDecodingContainer(JSONMembers<Key>(tape, token))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard tape.tokens[token].kind == .array else { throw tape.mismatch(token, "an array") }
        return JSONItems(tape, token)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { tape.isNull(token) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try tape.decode(type, at: token) }
}

/// An object's members.
struct JSONMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    /// Up to here, looking through all keys is quicker than hashing them.
    private static var scannedMembersMax: Int { 24 }

    private let tape: JSONTape
    private let object: Int
    /// Keys to values, for objects with many.
    private var index: [String: Int] = [:]

    init(_ tape: JSONTape, _ object: Int) {
        self.tape = tape
        self.object = object
        guard tape.tokens[object].end > Self.scannedMembersMax else { return }
        index.reserveCapacity(Int(tape.tokens[object].end))
        var key = object + 1
        while key < Int(tape.tokens[object].next) {
            index[tape.text(key)] = key + 1
            key = Int(tape.tokens[key + 1].next)
        }
    }

    var codingPath: [any CodingKey] { tape.codingPath(to: object) }

    var allKeys: [Key] {
        var keys: [Key] = []
        var key = object + 1
        while key < Int(tape.tokens[object].next) {
            let name = tape.text(key)
            // A key that comes again later is listed there.
            if value(name) == key + 1, let made = Key(stringValue: name) { keys.append(made) }
            key = Int(tape.tokens[key + 1].next)
        }
        return keys
    }

    /// The token of the last value called `name`.
    private func value(_ name: String) -> Int? {
        if !index.isEmpty { return index[name] }
        var name = name
        let end = Int(tape.tokens[object].next)
        return name.withUTF8 { wanted in
            // unsafe: the pointers are used within the closures; a token's range lies within the text that it was made from
            tape.bytes.withUnsafeBufferPointer { bytes in
                tape.tokens.withUnsafeBufferPointer { tokens in
                    var found: Int?
                    var key = object + 1
                    while key < end {
                        let token = tokens[key]
                        if token.isIntricate {
                            let content = tape.bytes[Int(token.start)..<Int(token.end)]
                            if JSONEscapes.decoded(content).elementsEqual(wanted) { found = key + 1 }
                        } else if Int(token.end - token.start) == wanted.count,
                            wanted.isEmpty
                                || memcmp(bytes.baseAddress! + Int(token.start), wanted.baseAddress!, wanted.count) == 0
                        {
                            found = key + 1
                        }
                        key = Int(tokens[key + 1].next)
                    }
                    return found
                }
            }
        }
    }

    private func member(_ key: Key) throws -> Int {
        guard let token = value(key.stringValue) else { throw JSONFailure(object, .required, member: key.stringValue) }
        return token
    }

    func contains(_ key: Key) -> Bool { value(key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { tape.isNull(try member(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try tape.decode(type, at: try member(key))
    }

    // The commonest once more without the detour over their type, and in one search where the protocol's own way takes three.
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try tape.string(at: try member(key)) }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try tape.bool(at: try member(key)) }

    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try tape.integer(type, at: try member(key)) }

    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try tape.integer(type, at: try member(key)) }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key).map { try tape.string(at: $0) }
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try present(key).map { try tape.bool(at: $0) }
    }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try present(key).map { try tape.integer(type, at: $0) }
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try present(key).map { try tape.decode(type, at: $0) }
    }

    /// A member that is there and not null.
    private func present(_ key: Key) -> Int? {
        guard let token = value(key.stringValue), !tape.isNull(token) else { return nil }
        return token
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        try JSONTapeDecoder(tape: tape, token: try member(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try JSONTapeDecoder(tape: tape, token: try member(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        guard let token = value("super") else { throw JSONFailure(object, .required, member: "super") }
        return JSONTapeDecoder(tape: tape, token: token)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { JSONTapeDecoder(tape: tape, token: try member(key)) }
}

/// An array's items.
struct JSONItems: UnkeyedDecodingContainer {
    private let tape: JSONTape
    private let array: Int
    private var token: Int
    private(set) var currentIndex = 0

    init(_ tape: JSONTape, _ array: Int) {
        self.tape = tape
        self.array = array
        token = array + 1
    }

    var codingPath: [any CodingKey] { tape.codingPath(to: array) }
    var count: Int? { Int(tape.tokens[array].end) }
    var isAtEnd: Bool { token >= Int(tape.tokens[array].next) }

    private func current() throws -> Int {
        guard !isAtEnd else { throw JSONFailure(array, .required, member: "\(currentIndex)") }
        return token
    }

    private mutating func advance() {
        token = Int(tape.tokens[token].next)
        currentIndex += 1
    }

    mutating func decodeNil() throws -> Bool {
        guard tape.isNull(try current()) else { return false }
        advance()
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try tape.decode(type, at: try current())
        advance()
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        let container = try JSONTapeDecoder(tape: tape, token: try current()).container(keyedBy: type)
        advance()
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try JSONTapeDecoder(tape: tape, token: try current()).unkeyedContainer()
        advance()
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = JSONTapeDecoder(tape: tape, token: try current())
        advance()
        return decoder
    }
}
