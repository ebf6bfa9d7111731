/// A JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it).
public struct JSONSchemaNode: Sendable, Equatable {
    public var tree: JSONTree

    public init(_ tree: JSONTree) { self.tree = tree }

    /// Any JSON.
    public static let any = JSONSchemaNode([:])
    public static let string = JSONSchemaNode(["type": "string"])
    public static let boolean = JSONSchemaNode(["type": "boolean"])
    public static let number = JSONSchemaNode(["type": "number"])
    public static let integer = JSONSchemaNode(["type": "integer"])
    /// Any object.
    public static let object = JSONSchemaNode(["type": "object"])

    /// A string of a known format (`date-time`, `uri`, `binary`).
    public static func string(format: String) -> JSONSchemaNode { JSONSchemaNode(["type": "string", "format": .string(format)]) }

    /// One of some words.
    public static func enumeration(_ words: [String]) -> JSONSchemaNode {
        JSONSchemaNode(["type": "string", "enum": .array(words.map { .string($0) })])
    }

    public static func integer(in range: ClosedRange<Int>) -> JSONSchemaNode {
        JSONSchemaNode([
            "type": "integer", "minimum": .integer(Int64(range.lowerBound)), "maximum": .integer(Int64(range.upperBound)),
        ])
    }

    public static func array(of items: JSONSchemaNode) -> JSONSchemaNode {
        JSONSchemaNode(["type": "array", "items": items.tree])
    }

    /// An object with any keys, whose values are alike.
    public static func map(of values: JSONSchemaNode) -> JSONSchemaNode {
        JSONSchemaNode(["type": "object", "additionalProperties": values.tree])
    }

    /// An object with known members.
    public static func object(_ properties: [(name: String, schema: JSONSchemaNode)], required: [String]) -> JSONSchemaNode {
        var tree: JSONTree = ["type": "object"]
        tree["properties"] = .object(properties.map { .init($0.name, $0.schema.tree) })
        if !required.isEmpty { tree["required"] = .array(required.map { .string($0) }) }
        return JSONSchemaNode(tree)
    }

    /// One of several shapes.
    public static func anyOf(_ shapes: [JSONSchemaNode]) -> JSONSchemaNode {
        JSONSchemaNode(["anyOf": .array(shapes.map(\.tree))])
    }

    /// A schema of the document's components.
    public static func reference(_ name: String) -> JSONSchemaNode {
        JSONSchemaNode(["$ref": .string("#/components/schemas/\(name)")])
    }

    /// This, or null.
    public var nullable: JSONSchemaNode {
        if tree == [:] { return self }
        if let options = tree["anyOf"]?.items, options.contains(["type": "null"]) { return self }
        guard case .string(let type)? = tree["type"], tree["enum"] == nil else {
            return tree["type"].map { !$0.items.isEmpty } == true ? self : .anyOf([self, JSONSchemaNode(["type": "null"])])
        }
        var copy = tree
        copy["type"] = [.string(type), "null"]
        return JSONSchemaNode(copy)
    }

    /// This, with a keyword more (`description`, `default`, `minLength`).
    public func with(_ keyword: String, _ value: JSONTree) -> JSONSchemaNode {
        var copy = tree
        copy[keyword] = value
        return JSONSchemaNode(copy)
    }
}

/// A type that says its own schema, because its `init(from:)` would not show it: timestamps, free JSON, unions.
public protocol SchemaProviding {
    static var jsonSchema: JSONSchemaNode { get }
}
