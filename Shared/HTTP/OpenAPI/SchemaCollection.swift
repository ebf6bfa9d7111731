/// Derives schemas from `Decodable` types and keeps the named ones, which become a document's components.
///
/// A type's `init(from:)` is run against a decoder that takes notes: which members it asks for, as what, and whether they may
/// be absent or null. It is given made-up values; what it does with them does not matter.
public final class SchemaCollection {
    /// The components: name and schema, in the order in which they were found.
    public private(set) var components: [(name: String, schema: JSONSchemaNode)] = []
    /// Types whose `init(from:)` took none of the made-up values for a required member, so that what it would have asked for
    /// later is not known: let them conform to `SchemaProviding`.
    public private(set) var incomplete: [String] = []

    private var names: [ObjectIdentifier: String] = [:]
    private var known: [ObjectIdentifier: JSONSchemaNode] = [:]
    private var samples: [ObjectIdentifier: Any] = [:]
    private var unsampled: Set<ObjectIdentifier> = []
    private var inProgress: Set<ObjectIdentifier> = []

    public init() {}

    /// The schema of a type: a reference when it is an object, the schema itself when it is anything else.
    public func schema(of type: any Decodable.Type) -> JSONSchemaNode {
        if let special = type as? any SchemaProviding.Type { return special.jsonSchema }
        if let scalar = SchemaCollection.scalar(type) { return scalar }
        if let shape = type as? any SchemaShape.Type { return shape.schema(in: self) }
        if let words = SchemaCollection.words(of: type) { return .enumeration(words) }
        let id = ObjectIdentifier(type)
        if let node = known[id] { return node }
        if inProgress.contains(id) { return .reference(name(of: type)) }
        inProgress.insert(id)
        defer { inProgress.remove(id) }
        let node = record(type)
        known[id] = node
        return node
    }

    /// Adds a component by hand, or replaces it.
    public func add(_ name: String, _ schema: JSONSchemaNode) {
        if let index = components.firstIndex(where: { $0.name == name }) {
            components[index].schema = schema
        } else {
            components.append((name, schema))
        }
    }

    private func record(_ type: any Decodable.Type) -> JSONSchemaNode {
        let recorder = SchemaRecorder(self)
        var isComplete = false
        for attempt in 0..<SchemaSamples.attempts where !isComplete {
            recorder.attempt = attempt
            do {
                let sample = try type.init(from: recorder)
                samples[ObjectIdentifier(type)] = sample
                isComplete = true
            } catch {
                // The next attempt brings other values; what has been asked for until here is noted.
            }
        }
        if !isComplete { incomplete.append(String(reflecting: type)) }
        guard let node = recorder.schema else { return .any }
        guard recorder.isObject else { return node }
        let name = name(of: type)
        add(name, node)
        return .reference(name)
    }

    /// A value of `type`, for an `init(from:)` that insists on one.
    func sample<Value: Decodable>(_ type: Value.Type, attempt: Int) throws -> Value {
        if let scalar = SchemaSamples.scalar(type, attempt: attempt) { return scalar }
        if let words = type as? any CaseIterable.Type, let first = SchemaCollection.first(of: words) as? Value { return first }
        let id = ObjectIdentifier(type)
        if let sample = samples[id] as? Value { return sample }
        if let shape = type as? any SchemaShape.Type, let blank = shape.blank as? Value { return blank }
        guard !unsampled.contains(id), !inProgress.contains(id) else { throw SchemaRecorder.Unknown() }
        inProgress.insert(id)
        defer { inProgress.remove(id) }
        for attempt in 0..<SchemaSamples.attempts {
            do {
                let recorder = SchemaRecorder(self)
                recorder.attempt = attempt
                let sample = try type.init(from: recorder)
                samples[id] = sample
                return sample
            } catch {
                // The next attempt brings other values.
            }
        }
        unsampled.insert(id)
        throw SchemaRecorder.Unknown()
    }

    /// `Services.Page<Models.Agent>` becomes `Page_Agent`; a second type of the same name gets a number.
    private func name(of type: Any.Type) -> String {
        let id = ObjectIdentifier(type)
        if let name = names[id] { return name }
        var spelled = String(reflecting: type)
        // A private type's name holds the address of its context.
        while let start = spelled.firstRange(of: "(unknown context at "),
            let end = spelled[start.upperBound...].firstIndex(of: ")")
        {
            spelled.removeSubrange(start.lowerBound...end)
        }
        let words = spelled.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".")) }
        let plain = words.map { word in
            let parts = word.split(separator: ".")
            return (parts.count > 1 ? parts.dropFirst() : parts[...]).joined(separator: ".")
        }
        let base = plain.filter { !$0.isEmpty }.joined(separator: "_")
        var name = base
        var number = 2
        while names.values.contains(name) {
            name = "\(base)\(number)"
            number += 1
        }
        names[id] = name
        return name
    }

    private static func scalar(_ type: any Decodable.Type) -> JSONSchemaNode? {
        if type == String.self { return .string }
        if type == Bool.self { return .boolean }
        if type == Double.self || type == Float.self { return .number }
        if type == Int64.self || type == Int.self { return JSONSchemaNode(["type": "integer", "format": "int64"]) }
        if type == Int32.self { return JSONSchemaNode(["type": "integer", "format": "int32"]) }
        guard let integer = type as? any FixedWidthInteger.Type else { return nil }
        return integer.isSigned ? .integer : .integer.with("minimum", 0)
    }

    private static func words(of type: any Decodable.Type) -> [String]? {
        guard let enumeration = type as? any (CaseIterable & RawRepresentable).Type else { return nil }
        let words = rawValues(of: enumeration)
        return words.isEmpty ? nil : words
    }

    private static func rawValues<Enumeration: CaseIterable & RawRepresentable>(of type: Enumeration.Type) -> [String] {
        Enumeration.allCases.compactMap { $0.rawValue as? String }
    }

    private static func first<Enumeration: CaseIterable>(of type: Enumeration.Type) -> Any? { Enumeration.allCases.first }
}

/// The standard library's containers, whose shape their `init(from:)` does not show.
protocol SchemaShape {
    static func schema(in collection: SchemaCollection) -> JSONSchemaNode
    /// A value with nothing in it, which costs no recursion.
    static var blank: Any { get }
}

extension Optional: SchemaShape where Wrapped: Decodable {
    static var blank: Any { Self.none as Any }
    static func schema(in collection: SchemaCollection) -> JSONSchemaNode { collection.schema(of: Wrapped.self).nullable }
}

extension Array: SchemaShape where Element: Decodable {
    static var blank: Any { [Element]() }
    static func schema(in collection: SchemaCollection) -> JSONSchemaNode { .array(of: collection.schema(of: Element.self)) }
}

extension Set: SchemaShape where Element: Decodable {
    static var blank: Any { Self() }
    static func schema(in collection: SchemaCollection) -> JSONSchemaNode { .array(of: collection.schema(of: Element.self)) }
}

extension Dictionary: SchemaShape where Key: Decodable, Value: Decodable {
    static var blank: Any { Self() }
    static func schema(in collection: SchemaCollection) -> JSONSchemaNode { .map(of: collection.schema(of: Value.self)) }
}
