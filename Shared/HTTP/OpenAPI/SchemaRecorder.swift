/// A decoder that notes what it is asked for.
final class SchemaRecorder: Decoder {
    /// No value of the type could be made up.
    struct Unknown: Error {}

    let collection: SchemaCollection
    var attempt = 0
    private var members: SchemaMembers?
    private var items: SchemaItems?
    private var single: JSONSchemaNode?
    private var isNullable = false

    init(_ collection: SchemaCollection) { self.collection = collection }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var isObject: Bool { members != nil }

    /// What is known so far; nil when nothing was asked.
    var schema: JSONSchemaNode? {
        if let members { return members.schema }
        if let items { return .array(of: items.item ?? .any) }
        return single.map { isNullable ? $0.nullable : $0 }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        let members = members ?? SchemaMembers()
        self.members = members
        return KeyedDecodingContainer(SchemaMembersContainer<Key>(members: members, recorder: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        let items = items ?? SchemaItems()
        self.items = items
        return SchemaItemsContainer(items: items, recorder: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { SchemaSingleContainer(recorder: self) }

    func noteSingle(_ schema: JSONSchemaNode) { if single == nil { single = schema } }
    func noteNullable() { isNullable = true }
}

/// An object's members as they were asked for.
final class SchemaMembers {
    private struct Member {
        let name: String
        var schema: JSONSchemaNode?
        /// Made by a nested container, and known when that is.
        var nested: SchemaRecorder?
        var isOptional = false
        var isNullable = false
    }

    private var members: [Member] = []
    private var isOpen = false

    var schema: JSONSchemaNode {
        let properties = members.map { member in
            let schema = member.nested?.schema ?? member.schema ?? .any
            return (name: member.name, schema: member.isNullable ? schema.nullable : schema)
        }
        if isOpen, properties.isEmpty { return .object.with("additionalProperties", true) }
        return .object(properties, required: members.filter { !$0.isOptional }.map(\.name))
    }

    func noteOpen() { isOpen = true }

    func note(
        _ name: String, schema: JSONSchemaNode? = nil, nested: SchemaRecorder? = nil, isOptional: Bool = false,
        isNullable: Bool = false
    ) {
        let index = members.firstIndex { $0.name == name }
        if index == nil { members.append(Member(name: name)) }
        let position = index ?? members.count - 1
        if let schema, members[position].schema == nil { members[position].schema = schema }
        if let nested { members[position].nested = nested }
        if isOptional { members[position].isOptional = true }
        if isNullable { members[position].isNullable = true }
    }

    /// Whether what a member is has been noted, so that it may as well be absent from now on.
    func isKnown(_ name: String) -> Bool { members.contains { $0.name == name && ($0.schema != nil || $0.nested != nil) } }
}

struct SchemaMembersContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: SchemaMembers
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        members.noteOpen()
        return []
    }

    /// Whoever asks can do without.
    func contains(_ key: Key) -> Bool {
        let isKnown = members.isKnown(key.stringValue)
        members.note(key.stringValue, isOptional: true)
        return !isKnown
    }

    func decodeNil(forKey key: Key) -> Bool {
        members.note(key.stringValue, isNullable: true)
        return false
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        members.note(key.stringValue, schema: recorder.collection.schema(of: type))
        return try recorder.collection.sample(type, attempt: recorder.attempt)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) -> Value? {
        members.note(key.stringValue, schema: recorder.collection.schema(of: type), isOptional: true, isNullable: true)
        return nil
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedDecodingContainer<Nested> {
        nested(key.stringValue).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer { nested(key.stringValue).unkeyedContainer() }

    func superDecoder() -> any Decoder { nested("super") }

    func superDecoder(forKey key: Key) -> any Decoder { nested(key.stringValue) }

    private func nested(_ name: String) -> SchemaRecorder {
        let recorder = SchemaRecorder(recorder.collection)
        recorder.attempt = self.recorder.attempt
        members.note(name, nested: recorder)
        return recorder
    }
}

/// An array's items as they were asked for.
final class SchemaItems {
    private(set) var known: JSONSchemaNode?
    private var nested: SchemaRecorder?

    var item: JSONSchemaNode? { nested?.schema ?? known }

    func note(_ schema: JSONSchemaNode) { if known == nil { known = schema } }
    func note(_ recorder: SchemaRecorder) { nested = recorder }
}

struct SchemaItemsContainer: UnkeyedDecodingContainer {
    let items: SchemaItems
    let recorder: SchemaRecorder
    private(set) var currentIndex = 0

    init(items: SchemaItems, recorder: SchemaRecorder) {
        self.items = items
        self.recorder = recorder
    }

    var codingPath: [any CodingKey] { [] }
    var count: Int? { nil }
    var isAtEnd: Bool { currentIndex > 0 }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        currentIndex += 1
        items.note(recorder.collection.schema(of: type))
        return try recorder.collection.sample(type, attempt: recorder.attempt)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedDecodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer { nested().unkeyedContainer() }

    mutating func superDecoder() -> any Decoder { nested() }

    private mutating func nested() -> SchemaRecorder {
        currentIndex += 1
        let recorder = SchemaRecorder(recorder.collection)
        recorder.attempt = self.recorder.attempt
        items.note(recorder)
        return recorder
    }
}

struct SchemaSingleContainer: SingleValueDecodingContainer {
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool {
        recorder.noteNullable()
        return false
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        recorder.noteSingle(recorder.collection.schema(of: type))
        return try recorder.collection.sample(type, attempt: recorder.attempt)
    }
}
