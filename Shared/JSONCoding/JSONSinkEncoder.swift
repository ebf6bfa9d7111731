/// What a type's `encode(to:)` sees of the place where its value goes.
struct JSONSinkEncoder: Encoder, SingleValueEncodingContainer {
    let sink: JSONSink
    /// How many containers hold the value.
    let depth: Int

    /// Not kept: nothing here needs it.
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(JSONSinkMembers<Key>(sink: sink, opening: sink.opening(isObject: true, at: depth)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONSinkItems(sink: sink, opening: sink.opening(isObject: false, at: depth))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { sink.null() }

    func encode<Value: Encodable>(_ value: Value) throws { try sink.write(value) }
}

/// A container's depth, or why there is none: the protocol's methods that make containers cannot throw, so the first write does.
typealias JSONSinkOpening = Result<Int, any Error>

extension JSONSink {
    func opening(isObject: Bool, at depth: Int) -> JSONSinkOpening { Result { try begin(isObject: isObject, at: depth) } }
}

struct JSONSinkMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sink: JSONSink
    let opening: JSONSinkOpening

    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) throws {
        try sink.key(key.stringValue, at: opening.get())
        sink.null()
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try sink.key(key.stringValue, at: opening.get())
        try sink.write(value)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(JSONSinkMembers<Nested>(sink: sink, opening: nested(isObject: true, key.stringValue)))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        JSONSinkItems(sink: sink, opening: nested(isObject: false, key.stringValue))
    }

    func superEncoder() -> any Encoder { superEncoder("super") }

    func superEncoder(forKey key: Key) -> any Encoder { superEncoder(key.stringValue) }

    private func superEncoder(_ name: String) -> any Encoder {
        // try?: the protocol's method cannot throw
        if case .success(let depth) = opening, (try? sink.key(name, at: depth)) != nil {
            return JSONSinkEncoder(sink: sink, depth: depth)
        }
        return JSONSinkEncoder(sink: JSONSink(), depth: 0)
    }

    private func nested(isObject: Bool, _ name: String) -> JSONSinkOpening {
        Result {
            let depth = try opening.get()
            try sink.key(name, at: depth)
            return try sink.begin(isObject: isObject, at: depth)
        }
    }
}

struct JSONSinkItems: UnkeyedEncodingContainer {
    let sink: JSONSink
    let opening: JSONSinkOpening
    private(set) var count = 0

    init(sink: JSONSink, opening: JSONSinkOpening) {
        self.sink = sink
        self.opening = opening
    }

    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() throws {
        try sink.item(at: opening.get())
        count += 1
        sink.null()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try sink.item(at: opening.get())
        count += 1
        try sink.write(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(JSONSinkMembers<Nested>(sink: sink, opening: nested(isObject: true)))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONSinkItems(sink: sink, opening: nested(isObject: false))
    }

    mutating func superEncoder() -> any Encoder {
        // try?: the protocol's method cannot throw
        if case .success(let depth) = opening, (try? sink.item(at: depth)) != nil {
            count += 1
            return JSONSinkEncoder(sink: sink, depth: depth)
        }
        return JSONSinkEncoder(sink: JSONSink(), depth: 0)
    }

    private mutating func nested(isObject: Bool) -> JSONSinkOpening {
        count += 1
        return Result {
            let depth = try opening.get()
            try sink.item(at: depth)
            return try sink.begin(isObject: isObject, at: depth)
        }
    }
}
